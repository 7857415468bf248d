import type { DatabaseSync, StatementSync } from 'node:sqlite'

const INSERT = `INSERT INTO rows (n, id, kind, state, task, workflow, parent, sent_at, ended_at, size, spec, plan, fixed, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const COLUMNS = `n, id, kind, state, task, workflow, parent, sent_at, ended_at, size, spec, plan,
  CASE WHEN fixed = 0 THEN (SELECT large.fixed FROM large WHERE large.id = rows.id) ELSE fixed END AS fixed, body`

/** The statements of the table of rows. `open`: those for what has not ended. */
export interface RowStatements {
  readonly of: Record<
    | 'all'
    | 'insert'
    | 'put'
    | 'update'
    | 'large'
    | 'byId'
    | 'byNumber'
    | 'numberOf'
    | 'planOf'
    | 'plansOf'
    | 'needs'
    | 'root'
    | 'children'
    | 'last',
    StatementSync
  >
  readonly open: Record<'roots' | 'nodes' | 'orphans', StatementSync>
  readonly drops: Record<'large' | 'nodes' | 'row' | 'nodesLarge', StatementSync>
}

export function prepareRows(database: DatabaseSync): RowStatements {
  const prepare = (sql: string): StatementSync => database.prepare(sql)
  return {
    of: {
      last: prepare('SELECT max(n) AS last FROM rows'),
      insert: prepare(INSERT),
      put: prepare(`${INSERT} ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, state = excluded.state, task = excluded.task,
          workflow = excluded.workflow, parent = excluded.parent, sent_at = excluded.sent_at, ended_at = excluded.ended_at,
          size = excluded.size, spec = excluded.spec, plan = excluded.plan, fixed = excluded.fixed, body = excluded.body`),
      update: prepare('UPDATE rows SET state = ?, ended_at = ?, body = ? WHERE n = ?'),
      large: prepare('INSERT OR REPLACE INTO large (id, fixed) VALUES (?, ?)'),
      all: prepare(`SELECT ${COLUMNS} FROM rows ORDER BY n`),
      byId: prepare(`SELECT ${COLUMNS} FROM rows WHERE id = ?`),
      byNumber: prepare(`SELECT ${COLUMNS} FROM rows WHERE n = ?`),
      numberOf: prepare('SELECT n FROM rows WHERE id = ?'),
      planOf: prepare("SELECT plan FROM rows WHERE id = ? AND kind = 'workflow'"),
      plansOf: prepare('SELECT DISTINCT plan FROM rows WHERE workflow = ? AND plan IS NOT NULL'),
      needs: prepare('SELECT 1 FROM rows WHERE workflow = ? AND plan = ? LIMIT 1'),
      root: prepare('SELECT n, id, state, size, plan FROM rows WHERE id = ?'),
      children: prepare('SELECT id FROM rows WHERE parent = ? ORDER BY n'),
    },
    open: {
      roots: prepare('SELECT n FROM rows WHERE state IS NOT NULL AND ended_at IS NULL AND workflow IS NULL ORDER BY n'),
      nodes: prepare('SELECT n FROM rows WHERE workflow = ? ORDER BY n'),
      orphans: prepare(`SELECT n FROM rows WHERE state IS NOT NULL AND ended_at IS NULL AND workflow IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM rows AS whole WHERE whole.id = rows.workflow) ORDER BY n`),
    },
    drops: {
      large: prepare('DELETE FROM large WHERE id = ?'),
      row: prepare('DELETE FROM rows WHERE n = ?'),
      nodes: prepare('DELETE FROM rows WHERE workflow = ?'),
      nodesLarge: prepare('DELETE FROM large WHERE id IN (SELECT id FROM rows WHERE workflow = ? AND fixed = 0)'),
    },
  }
}
