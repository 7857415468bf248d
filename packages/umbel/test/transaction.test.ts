import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { examine } from '../../../test/crash/examine.ts'
import { type App, chain, createApp, defineTasks, task } from '../src/index.ts'
import { sqliteStore, type Tables } from '../src/sqlite.ts'
import { asIfKilled, newFile, tamper } from './fixtures/store-file.ts'

const apps: App[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

const setup = (db: Tables): void =>
  db.exec('CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, article UNIQUE)')

function begin(file = newFile()) {
  const ran: unknown[] = []
  const shop = defineTasks('shop', {
    ship: task(
      (_ctx, article: string): string => {
        ran.push(article)
        return `${article} shipped`
      },
      { inline: true },
    ),
  })
  const store = sqliteStore(file, { sync: 'off', setup })
  const app = createApp({ tasks: [shop], store, lanes: { default: { threads: 0, inline: 5 } } })
  apps.push(app)
  return { app, store, shop, ran, file }
}

function articles(file: string): unknown[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database
      .prepare('SELECT article FROM orders ORDER BY id')
      .all()
      .map(({ article }) => article)
  } finally {
    database.close()
  }
}

const codeOf = (waiting: Promise<unknown>): Promise<unknown> =>
  waiting.then(
    () => 'fine',
    (error: { code?: unknown }) => error.code ?? String(error),
  )

test('rows and tasks are stored together, and the callback reads what it has written', async () => {
  const { app, store, shop, file } = begin()
  const [count, shipping] = await store.transaction((db) => {
    const { changes, lastInsertRowid } = db.run('INSERT INTO orders (article) VALUES (?)', ['teapot'])
    expect([changes, lastInsertRowid]).toEqual([1, 1])
    expect(db.get('SELECT article FROM orders WHERE id = $id', { id: 1 })).toMatchObject({ article: 'teapot' })
    return [db.all('SELECT * FROM orders').length, app.delay(chain(shop.ship.s('teapot'), shop.ship.s()))] as const
  })
  await shipping.accepted // resolved already
  expect(count).toBe(1)
  expect(await shipping.get()).toBe('teapot shipped shipped')
  expect(articles(file)).toEqual(['teapot'])
  await app.stop()
  expect(examine(file)).toEqual([])
})

test('as a callback throws neither is stored, and who sent in it is told why', async () => {
  const { app, store, shop, ran, file } = begin()
  let sent: ReturnType<typeof shop.ship.delay> | undefined
  const failing = store.transaction((db) => {
    db.run('INSERT INTO orders (article) VALUES (?)', ['cup'])
    sent = app.delay(shop.ship.s('cup'))
    throw new RangeError('no cups left')
  })
  await expect(failing).rejects.toThrow(new RangeError('no cups left'))
  await expect(sent?.accepted).rejects.toThrow('no cups left')
  expect(articles(file)).toEqual([])
  expect(await store.transaction((db) => db.all('SELECT * FROM orders'))).toEqual([])
  expect(await app.delay(shop.ship.s('saucer')).get()).toBe('saucer shipped')
  expect(ran).toEqual(['saucer'])
})

test('a statement that SQLite refuses may be caught, and the transaction goes on; uncaught it is rolled back', async () => {
  const { store, file } = begin()
  await store.transaction((db) => {
    db.run('INSERT INTO orders (article) VALUES (?)', ['cup'])
    expect(() => db.run('INSERT INTO orders (article) VALUES (?)', ['cup'])).toThrow('UNIQUE')
    db.run('INSERT INTO orders (article) VALUES (?)', ['saucer'])
  })
  const again = store.transaction((db) => {
    db.run('INSERT INTO orders (article) VALUES (?)', ['teapot'])
    db.run('INSERT INTO orders (article) VALUES (?)', ['cup'])
  })
  await expect(again).rejects.toThrow('UNIQUE')
  expect(articles(file)).toEqual(['cup', 'saucer'])
})

test('ids of a choice are taken in once, in a transaction as elsewhere', async () => {
  const { app, store, shop } = begin()
  const send = () => store.transaction(() => app.delay(shop.ship.s('cup').set({ id: 'order-1' })))
  expect(await (await send()).get()).toBe('cup shipped')
  expect(await codeOf(send())).toBe('UMBEL_DUPLICATE_ID')
})

test.each<[string, (db: Tables) => unknown, string]>([
  ['is asynchronous', async () => 1, 'UMBEL_BAD_TRANSACTION'],
  ['ends the transaction', (db) => db.exec('COMMIT'), 'UMBEL_CANNOT_WRITE'],
  ['touches tables of the store', (db) => db.run('DELETE FROM rows'), 'UMBEL_CANNOT_WRITE'],
  ['has two statements in one', (db) => db.run('DELETE FROM orders; SELECT 1'), 'UMBEL_CANNOT_WRITE'],
  [
    'binds what cannot be bound',
    (db) => db.run('DELETE FROM orders WHERE id = ?', [true as never]),
    'UMBEL_CANNOT_TRAVEL',
  ],
  [
    'lets a conflict roll it back',
    (db) => {
      try {
        db.run("INSERT OR ROLLBACK INTO orders (id, article) VALUES (1, 'a'), (1, 'b')")
      } catch {}
      return db.all('SELECT 1')
    },
    'UMBEL_BAD_TRANSACTION',
  ],
])('a callback that %s is refused, and nothing of it is stored', async (_, act, code) => {
  const { app, store, shop, ran, file } = begin()
  const refused = store.transaction((db) => {
    db.run("INSERT INTO orders (article) VALUES ('first')")
    app.delay(shop.ship.s('never'))
    return act(db)
  })
  expect(await codeOf(refused)).toBe(code)
  expect(await codeOf(store.transaction(() => store.transaction(() => 1)))).toBe('UMBEL_BAD_TRANSACTION')
  expect(await app.delay(shop.ship.s('next')).get()).toBe('next shipped')
  expect([articles(file), ran]).toEqual([[], ['next']])
})

test('the tables of a transaction that is over are closed', async () => {
  const { store } = begin()
  const db = await store.transaction((tables) => tables)
  expect(() => db.all('SELECT 1')).toThrow('is over')
})

test('without an app, or with one that has stopped, there is no transaction', async () => {
  const { app, store } = begin()
  expect(await codeOf(sqliteStore(newFile()).transaction(() => 1))).toBe('UMBEL_NO_APP')
  await app.stop()
  expect(await codeOf(store.transaction(() => 1))).toBe('UMBEL_APP_STOPPED')
})

test('an owner that another one has followed writes nothing in a transaction, and its app stops', async () => {
  const { app, store, file } = begin()
  await app.start()
  tamper(file, 'UPDATE owner SET token = token + 1')
  expect(await codeOf(store.transaction((db) => db.run("INSERT INTO orders (article) VALUES ('x')")))).toBe(
    'UMBEL_STORE_FENCED',
  )
  expect(articles(file)).toEqual([])
  expect(await codeOf(store.transaction(() => 1))).toMatch(/UMBEL_STORE_FENCED|UMBEL_APP_STOPPED/)
})

test('what a transaction has sent survives the process, and of many at the same time each is whole', async () => {
  const { app, store, shop, file } = begin()
  const all = Array.from({ length: 50 }, (_, index) =>
    store.transaction((db) => {
      db.run('INSERT INTO orders (article) VALUES (?)', [`a${index % 40}`])
      return app.delay(shop.ship.s(`a${index}`).set({ countdown: '1h' })).id
    }),
  )
  const ids = (await Promise.allSettled(all)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  expect(ids).toHaveLength(40)
  const copy = asIfKilled(file)
  const second = begin(copy)
  await second.app.start()
  expect((await second.app.inspect.scheduled()).total).toBe(40)
  expect(articles(copy)).toHaveLength(40)
})
