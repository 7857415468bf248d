/** `application_id` of a store's file: the letters "Umbl". */
export const APPLICATION_ID = 0x55_6d_62_6c

/**
 * What leads from one version of the schema to the next; a new file goes through all. Ids are in the order of their making, so
 * the index of ids is one of time, too. A row is listed in one of the partial indexes by its state: those of what is open stay
 * small. `n` is the order in which rows came to be. Users have tables beside these: a table that comes later is called
 * `umbel_...`, so that it cannot meet one of theirs.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE rows (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT,
    task TEXT,
    workflow TEXT,
    parent TEXT,
    sent_at INTEGER,
    ended_at INTEGER,
    size INTEGER NOT NULL,
    spec INTEGER,
    plan INTEGER,
    fixed,
    body NOT NULL
  );
  CREATE INDEX rows_by_task ON rows (task, n) WHERE task IS NOT NULL;
  CREATE INDEX rows_by_workflow ON rows (workflow) WHERE workflow IS NOT NULL;
  CREATE INDEX rows_by_parent ON rows (parent) WHERE parent IS NOT NULL;
  CREATE INDEX open_rows ON rows (state) WHERE state IS NOT NULL AND ended_at IS NULL;
  CREATE INDEX ended_roots ON rows (state, ended_at) WHERE ended_at IS NOT NULL AND workflow IS NULL;
  CREATE INDEX ended_nodes ON rows (state, ended_at) WHERE ended_at IS NOT NULL AND workflow IS NOT NULL;
  CREATE TABLE large (id TEXT PRIMARY KEY, fixed NOT NULL) WITHOUT ROWID;
  CREATE TABLE specs (n INTEGER PRIMARY KEY, spec NOT NULL UNIQUE);
  CREATE TABLE plans (n INTEGER NOT NULL, part INTEGER NOT NULL, body NOT NULL, PRIMARY KEY (n, part)) WITHOUT ROWID;
  CREATE TABLE log (last INTEGER PRIMARY KEY, count INTEGER NOT NULL, version INTEGER NOT NULL, body NOT NULL);
  CREATE TABLE owner (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    token INTEGER NOT NULL, pid INTEGER, host TEXT, since INTEGER, at INTEGER
  );
  INSERT INTO owner (one, token) VALUES (1, 0);`,
  'CREATE TABLE letters (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body NOT NULL);',
  `CREATE TABLE IF NOT EXISTS keys (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kept_at INTEGER, body NOT NULL);
  CREATE INDEX IF NOT EXISTS kept_keys ON keys (kept_at) WHERE kept_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS held_keys ON keys (n) WHERE kept_at IS NULL;`,
  // a number of the inbox is never given twice: the owner goes by it
  `CREATE TABLE IF NOT EXISTS umbel_inbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, body NOT NULL
  );
  CREATE INDEX IF NOT EXISTS inbox_by_id ON umbel_inbox (id);
  CREATE TABLE IF NOT EXISTS umbel_replies (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, body NOT NULL);`,
  'CREATE TABLE IF NOT EXISTS umbel_effects (n INTEGER PRIMARY KEY, task TEXT NOT NULL, name TEXT NOT NULL, body NOT NULL, UNIQUE (task, name));',
  // the history of a run is written in fewer words: it is read either way
  '',
  // so are the events of the log, and what changes about a task
  '',
  // what stands in the journal belongs to the other tables: see `Backlog`
  'CREATE TABLE IF NOT EXISTS umbel_journal (n INTEGER PRIMARY KEY, body NOT NULL);',
  // what is the same as before, in the log and in the journal, is not written again: it is read either way
  '',
]

/** Version of the schema, kept as the file's `user_version`. */
export const SCHEMA_VERSION = MIGRATIONS.length

/** Tables without which a file is no store. */
export const TABLES: readonly string[] = ['rows', 'large', 'specs', 'plans', 'log', 'owner']

/** All tables that belong to the store: no SQL of users touches them. What is not here is theirs. */
export const OWN_TABLES: ReadonlySet<string> = new Set(
  MIGRATIONS.flatMap((sql) =>
    Array.from(sql.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/g), ([, name]) => name as string),
  ),
)
