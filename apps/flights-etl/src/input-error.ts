import { basename } from 'node:path'

/** What the user gave is missing, damaged or makes no sense: the message names the file and, for a row, its place. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** Make the error for a problem with a file. */
export function inputError(file: string, problem: string, cause?: unknown): InputError {
  return new InputError(`${basename(file)}: ${problem}`, cause === undefined ? undefined : { cause })
}

/** Say in words why a file could not be opened, read or written; what is no file error keeps its own message. */
export function whyNot(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'no such file'
  if (code === 'EISDIR') return 'is a folder, not a file'
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'is no folder'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'permission denied'
  if (code === 'ENOSPC') return 'no space left on the disk'
  return message
}
