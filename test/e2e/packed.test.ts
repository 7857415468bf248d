import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packAll } from '../../scripts/pack.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What a user of plain JavaScript writes; one user of TypeScript reads the published types. */
const project: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'somebody', private: true, type: 'module' }),
  'tasks.js': `
    import { isMainThread } from 'node:worker_threads'
    import { defineTasks } from 'umbel'

    export const demo = defineTasks(import.meta, 'demo', {
      add: (ctx, a, b) => ({ sum: a + b, inThread: !isMainThread }),
      double: (ctx, { sum }) => sum * 2,
    })
  `,
  'light-tasks.js': `
    import { Session } from 'node:inspector'
    import { defineTasks, UmbelError } from 'umbel/tasks'

    export const light = defineTasks(import.meta, 'light', {
      refuse: () => {
        throw new UmbelError('UMBEL_BAD_OPTION', 'Not so.')
      },
      files: () => {
        const urls = []
        const session = new Session()
        session.connect()
        session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url))
        session.post('Debugger.enable')
        session.disconnect()
        return urls.filter((url) => url.includes('node_modules/')).map((url) => url.replace(/.*node_modules./, '')).sort()
      },
    })
  `,
  'light.js': `
    import * as core from '@umbel/core'
    import * as coreTasks from '@umbel/core/tasks'
    import * as umbel from 'umbel'
    import * as tasks from 'umbel/tasks'
    import { light } from './light-tasks.js'

    const same = (part, whole) => Object.keys(part).every((name) => part[name] === whole[name])
    const app = umbel.createApp({ tasks: [light], lanes: { default: { threads: 1 } } })
    const files = await app.delay(light.files.s()).get({ timeout: '30s' })
    const error = await app.delay(light.refuse.s()).get({ timeout: '30s' }).catch((error) => error)
    await app.stop({ deadline: '10s' })
    const isSame = same(tasks, umbel) && same(coreTasks, core) && tasks.UmbelError === core.UmbelError
    console.log(JSON.stringify({ files, code: error instanceof umbel.UmbelError && error.code, isSame }))
  `,
  'main.js': `
    import { chain, createApp } from 'umbel'
    import { demo } from './tasks.js'

    const app = createApp({ tasks: [demo] })
    await app.start()
    const added = await demo.add.s(19, 23).delay().get({ timeout: '30s' })
    const doubled = await chain(demo.add.s(1, 2), demo.double.s()).delay().get({ timeout: '30s' })
    console.log(JSON.stringify({ added, doubled }))
    await app.stop({ deadline: '10s' })
  `,
  'durable.js': `
    import { createApp } from 'umbel'
    import { sqliteStore } from 'umbel/sqlite'
    import { demo } from './tasks.js'

    const open = () => createApp({ tasks: [demo], store: sqliteStore('work.db') })
    const first = open()
    const { id, accepted } = first.delay(demo.double.s({ sum: 21 }).set({ countdown: '100ms' }))
    await accepted
    await first.stop({ deadline: 0 })
    const second = open()
    await second.start()
    console.log(await (await second.result(id)).get({ timeout: '30s' }))
    await second.stop()
  `,
  'typed.ts': `
    import { chain, createApp } from 'umbel'
    import { defineTasks } from 'umbel/tasks'
    import { sqliteStore } from 'umbel/sqlite'

    const demo = defineTasks(import.meta, 'demo', { add: (_ctx, a: number, b: number): number => a + b })
    createApp({ tasks: [demo], store: sqliteStore('work.db', { sync: 'normal', resultTtl: '1d' }) })
    export const sum: number = await chain(demo.add.s(1, 2), demo.add.s(3)).delay().get()
    // @ts-expect-error the types that arrive are real ones
    export const text: string = await demo.add.s(1, 2).delay().get()
    // @ts-expect-error so are those of the arguments
    demo.add.s('one', 2)
  `,
}

describe('the packed tarballs, installed in an empty project', () => {
  let folder = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'umbel-packed-'))
    const tarballs = packAll(join(folder, 'tarballs'))
    for (const [path, text] of Object.entries(project)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    execFileSync('npm', ['install', ...flags, ...tarballs.values()], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each([
    ['a task in a thread and a chain', 'main.js', { added: { sum: 42, inThread: true }, doubled: 6 }],
    ['a task that outlives its app', 'durable.js', 42],
    [
      'a module of tasks that loads no more in its thread than tasks need',
      'light.js',
      {
        files: [
          '@umbel/core/dist/in-threads.js',
          '@umbel/core/dist/tasks.js',
          'piscina/dist/common.js',
          'piscina/dist/symbols.js',
          'piscina/dist/worker.js',
          'umbel/dist/in-threads.js',
          'umbel/dist/tasks.js',
          'umbel/dist/thread-runtime.js',
          'umbel/dist/worker.js',
        ],
        code: 'UMBEL_BAD_OPTION',
        isSame: true,
      },
    ],
  ])('run %s, from plain JavaScript, and let the process end by itself', (_, script, says) => {
    // No NODE_OPTIONS and no condition: nothing of this repository's development may be needed.
    const env = { PATH: process.env.PATH }
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
      cwd: folder,
      encoding: 'utf8',
      env,
      timeout: 120_000,
    })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(says)
    expect(status).toBe(0)
  })

  test('give TypeScript their types', () => {
    const typeRoots = join(repository, 'node_modules/@types')
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck']
    const args = ['--ignoreConfig', ...flags, '--typeRoots', typeRoots, '--types', 'node', 'typed.ts']
    const { stdout } = spawnSync(join(repository, 'node_modules/.bin/tsc'), args, { cwd: folder, encoding: 'utf8' })
    expect(stdout).toBe('')
  })
})
