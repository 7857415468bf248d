import { Client } from 'pg'

/** A database of its own in a PostgreSQL that is there already. */
export interface Database {
  readonly url: string
  drop(): Promise<void>
}

const SERVER = process.env.UMBEL_BENCH_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/**
 * Make a database in the PostgreSQL of `UMBEL_BENCH_POSTGRES`, by default the one of this machine; `undefined` where none answers, or where
 * it may not sync what it commits, which would be another measure.
 */
export async function makeDatabase(name: string): Promise<Database | undefined> {
  const own = `umbel_bench_${name}_${process.pid}`
  const made = await onServer(async (client) => {
    if (!(await isSynced(client))) return false
    await client.query(`CREATE DATABASE ${own}`)
    return true
  }).catch(() => false)
  if (!made) return undefined
  const url = new URL(SERVER)
  url.pathname = `/${own}`
  return {
    url: url.href,
    drop: () => onServer(async (client) => void (await client.query(`DROP DATABASE ${own}`))),
  }
}

async function isSynced(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    "SELECT current_setting('fsync') = 'on' AND current_setting('synchronous_commit') = 'on' AS synced",
  )
  return rows[0]?.synced === true
}

async function onServer<T>(act: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: SERVER, connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    return await act(client)
  } finally {
    await client.end()
  }
}
