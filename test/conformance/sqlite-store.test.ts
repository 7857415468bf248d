import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore } from 'umbel/sqlite'
import { afterAll } from 'vitest'
import { storeSuite } from './store-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'umbel-store-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
storeSuite('SQLite', (bounds) => sqliteStore(join(folder, `${files++}.db`), { ...bounds, sync: 'off' }))
