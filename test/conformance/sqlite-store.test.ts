import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore } from 'umbel/sqlite'
import { afterAll } from 'vitest'
import { durableSuite } from './durable-suite.ts'
import { edgeSuite } from './edge-suite.ts'
import { keySuite } from './key-suite.ts'
import { storeSuite } from './store-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'umbel-store-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newFile = (): string => join(folder, `${++files}.db`)

storeSuite('SQLite', (bounds) => sqliteStore(newFile(), { ...bounds, sync: 'off' }))
keySuite('SQLite', (bounds) => sqliteStore(newFile(), { ...bounds, sync: 'off' }))
edgeSuite('SQLite', (bounds) => sqliteStore(newFile(), { ...bounds, sync: 'off' }))
durableSuite('SQLite', () => {
  const file = newFile()
  return (bounds) => sqliteStore(file, { ...bounds, sync: 'off' })
})
