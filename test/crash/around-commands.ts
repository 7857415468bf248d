import { registerHooks } from 'node:module'
import type { Command } from '@umbel/core'

/** What is called around every command, by the module that stands in the place of the engine's own. */
type Around = (at: 'before' | 'after', type: Command['type']) => void

const slot = globalThis as { aroundCommands?: Around }
const REAL = 'real'

/**
 * Have something called before and after each command that an engine carries out in this process. The engine knows nothing of it: as its `perform.ts`
 * is loaded, another module takes its place and calls the real one. To be called before umbel is imported.
 */
export function aroundCommands(around: Around): void {
  slot.aroundCommands = around
  registerHooks({
    load(url, context, nextLoad) {
      const { pathname, search } = new URL(url, 'file:')
      if (!pathname.endsWith('/umbel/src/perform.ts') || search === `?${REAL}`) return nextLoad(url, context)
      return { format: 'module', shortCircuit: true, source: standIn(`${url}?${REAL}`) }
    },
  })
}

const standIn = (real: string): string => `
  import { perform as real } from ${JSON.stringify(real)}
  export function perform(command, ...given) {
    globalThis.aroundCommands('before', command.type)
    real(command, ...given)
    globalThis.aroundCommands('after', command.type)
  }
`
