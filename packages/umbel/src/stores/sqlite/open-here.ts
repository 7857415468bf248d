import type { Stats } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** The connections of this process, by the inode of their file. */
const connections = new Map<string, DatabaseSync[]>()

/**
 * Whether this process has a connection to a file. Then nobody may open it past SQLite: the system gives up all locks that a process has
 * on a file as it closes any descriptor of it, and without SQLite's another process may take the log away from under a store.
 */
export const isOpenHere = (file: Stats): boolean => alive(file).length > 0

/** There is a connection to a file from now on, until it is closed. */
export function openedHere(file: Stats, database: DatabaseSync): void {
  connections.set(keyOf(file), [...alive(file), database])
}

function alive(file: Stats): DatabaseSync[] {
  const open = (connections.get(keyOf(file)) ?? []).filter(({ isOpen }) => isOpen)
  if (open.length === 0) connections.delete(keyOf(file))
  return open
}

const keyOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`
