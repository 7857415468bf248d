import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** What the compiler made of a set of programs. */
export interface Compiled {
  /** Its messages, by the name of the program. */
  readonly messages: Readonly<Record<string, string>>
  /** Seconds it spent on checking, and how many types it instantiated. */
  readonly checkTime: number
  readonly instantiations: number
}

/** Compile programs, each a module that may import `umbel`, with the project's own compiler and strictness. */
export async function compile(programs: Readonly<Record<string, string>>): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), 'umbel-types-'))
  try {
    const names = Object.keys(programs)
    const tsconfig = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        noEmit: true,
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
        customConditions: ['@umbel/source'],
        noUnusedLocals: false,
        paths: { umbel: [join(root, 'packages/umbel/src/index.ts')] },
      },
      files: names.map((name) => `${name}.ts`),
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
    await Promise.all(names.map((name) => writeFile(join(folder, `${name}.ts`), programs[name] as string)))
    return read(await run(folder), names)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function run(folder: string): Promise<string> {
  const tsc = join(root, 'node_modules/.bin/tsc')
  return new Promise((resolve, reject) => {
    execFile(
      tsc,
      ['-p', folder, '--pretty', 'false', '--extendedDiagnostics'],
      { cwd: folder },
      (error, stdout, stderr) => {
        if (stdout.includes('Check time')) resolve(stdout)
        else reject(error ?? new Error(stderr))
      },
    )
  })
}

function read(output: string, names: readonly string[]): Compiled {
  const messages: Record<string, string> = Object.fromEntries(names.map((name) => [name, '']))
  let open: string | undefined
  for (const line of output.split('\n')) {
    const start = /^(\S+?)\.ts\(\d+,\d+\): error/.exec(line)
    if (start !== null) open = start[1]
    else if (!line.startsWith(' ')) open = undefined
    if (open !== undefined && open in messages) messages[open] += `${line}\n`
  }
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(output)?.[1])
  return { messages, checkTime: figure('Check time'), instantiations: figure('Instantiations') }
}
