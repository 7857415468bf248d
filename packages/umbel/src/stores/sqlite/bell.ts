import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from 'node:fs'
import type { Timer } from '@umbel/core'
import { systemClock } from '../../system.ts'

/** Milliseconds between two looks beside the bell, and where the system lets nobody listen to one. */
const BESIDE = 1_000
const WITHOUT = 25

/**
 * How a sender tells the owner that it has left something: it writes to a small file beside the store's, which the owner lets the
 * system watch. That costs nothing while nobody sends, and needs no look at the clock. A look once a second goes beside it.
 */
export class Bell {
  readonly #path: string
  #descriptor: number | undefined
  #watcher: FSWatcher | undefined
  #timer: Timer | undefined
  #closed = false

  constructor(file: string) {
    this.#path = `${file}-bell`
  }

  /** Tell the owner. What goes wrong here harms nobody: it looks by itself, if later. */
  ring(): void {
    try {
      this.#descriptor ??= this.#make()
      writeSync(this.#descriptor, '!', 0)
    } catch {
      // the owner finds out a second later
    }
  }

  /** Call back soon after it was rung, and now and then. Keeps no process open. */
  listen(heard: () => void): void {
    this.#watch(heard)
    const look = (): void => {
      this.#timer = systemClock.setTimer(
        () => {
          if (this.#watcher === undefined) this.#watch(heard)
          look()
          heard()
        },
        this.#watcher === undefined ? WITHOUT : BESIDE,
      )
      this.#timer.keepAlive(false)
    }
    look()
  }

  close(): void {
    this.#closed = true
    this.#watcher?.close()
    this.#watcher = undefined
    this.#timer?.cancel()
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #watch(heard: () => void): void {
    try {
      closeSync(this.#make())
      this.#watcher = watch(this.#path, { persistent: false }, (event) => {
        if (event === 'rename') this.#lost() // somebody has removed it
        if (!this.#closed) heard()
      })
      this.#watcher.on('error', () => this.#lost())
    } catch {
      this.#watcher = undefined
    }
  }

  #lost(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #make(): number {
    return openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600)
  }
}
