import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputError } from '../src/input-error.ts'
import { draftIn } from '../src/output-folder.ts'
import { emptyFolder, fileOf } from './fixtures.ts'

const names = ['flights.db', 'flights.html']
const read = (folder: string) => names.map((name) => readFileSync(join(folder, name), 'utf8'))

describe('files in the making', () => {
  test('appear when published, over those of an earlier run, and leave nothing else', async () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'flights.db'), 'old')
    const draft = await draftIn(folder, names)
    for (const name of names) writeFileSync(draft.path(name), `new ${name}`)
    expect(readFileSync(join(folder, 'flights.db'), 'utf8')).toBe('old')
    await draft.publish()
    await draft.discard()
    expect(read(folder)).toEqual(['new flights.db', 'new flights.html'])
    expect(readdirSync(folder).sort()).toEqual(names)
  })

  test('are gone when discarded, and what was there before stays', async () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'flights.db'), 'old')
    const draft = await draftIn(folder, names)
    writeFileSync(draft.path('flights.db'), 'half')
    await draft.discard()
    expect(readdirSync(folder)).toEqual(['flights.db'])
    expect(readFileSync(join(folder, 'flights.db'), 'utf8')).toBe('old')
  })

  test('take the folders made for them along when discarded, but no other', async () => {
    const folder = emptyFolder()
    const draft = await draftIn(join(folder, 'a', 'b'), names)
    await draft.discard()
    expect(readdirSync(folder)).toEqual([])
    mkdirSync(join(folder, 'kept'))
    await (await draftIn(join(folder, 'kept'), names)).discard()
    expect(existsSync(join(folder, 'kept'))).toBe(true)
  })

  test('are refused where they cannot be', async () => {
    const file = fileOf('out', 'a file')
    await expect(draftIn(file, names)).rejects.toThrow(InputError)
    const folder = emptyFolder()
    mkdirSync(join(folder, 'flights.db'))
    await expect(draftIn(folder, names)).rejects.toThrow('flights.db: is a folder')
    expect(readdirSync(folder)).toEqual(['flights.db'])
  })
})
