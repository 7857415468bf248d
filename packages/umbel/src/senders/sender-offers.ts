import { type SenderStore, UmbelError, umbelError } from '@umbel/core'
import type { AnyStateMachine } from 'xstate'
import type { AsyncResult } from '../async-result.ts'
import type { Health } from '../health.ts'
import type { Life } from '../life.ts'
import type { Offers } from '../offers.ts'
import { ASKED } from '../requests.ts'
import type { AppResultSource } from '../result-source.ts'
import type { Results } from '../results.ts'
import type { AnyResult } from '../sender.ts'
import type { Runs } from '../workflows/runs.ts'
import { storedRuns } from '../workflows/stored-runs.ts'
import type { Workflow } from '../workflows/workflow.ts'
import type { WorkflowRegistry } from '../workflows/workflow-registry.ts'
import type { RemoteOwner } from './remote-owner.ts'

/** What a sender offers with. */
export interface SenderOffersParts {
  readonly life: Life
  readonly remote: RemoteOwner
  readonly source: AppResultSource
  readonly store: SenderStore
  readonly runs: Runs
  readonly registry: WorkflowRegistry
  readonly results: Results
}

type Ask = (name: string, args: readonly unknown[]) => Promise<unknown>

/** What an app offers that only sends: what the owner of the store answers. */
export function senderOffers({ life, remote, source, store, runs, registry, results }: SenderOffersParts): Offers {
  const ask: Ask = async (name, args) => {
    await life.ready()
    return remote.ask(name, args)
  }
  const handleOf = async (id: unknown): Promise<AsyncResult<unknown>> => source.find(id as string)
  const deadLetters = asking(ask, 'deadLetters')
  return {
    control: controlOf(ask, life, source),
    inspect: asking(ask, 'inspect'),
    deadLetters: {
      ...deadLetters,
      redrive: (async (which: unknown, ...options: unknown[]) => {
        const sent = await ask('deadLetters.redrive', [which, ...options])
        return typeof which === 'string' ? handleOf(sent) : sent
      }) as Offers['deadLetters']['redrive'],
    },
    health: async (options) => {
      const trouble = life.trouble
      if (trouble !== undefined) return without(trouble)
      try {
        return (await ask('health', [options])) as Health
      } catch (error) {
        if (error instanceof UmbelError && error.code !== 'UMBEL_BAD_OPTION' && error.code !== 'UMBEL_BAD_DURATION')
          return without(error.message)
        throw error
      }
    },
    rerun: async (id) => (await ask('rerun', [id])) as string,
    mapStream: () => {
      throw notOwner(store, 'A stream')
    },
    workflow: <M extends AnyStateMachine>(workflow: Workflow<M>) => {
      registry.register(workflow)
      return storedRuns(workflow, { life, runs, source, results })
    },
    local: () => {
      throw notOwner(store, 'A local run')
    },
    stop: () => {},
  }
}

/** All that is asked of one part of the owner's offers, by its own names: what is not listed is missing to the compiler, too. */
function asking<Part extends keyof typeof ASKED>(
  ask: Ask,
  part: Part,
): Pick<Offers[Part], (typeof ASKED)[Part][number] & keyof Offers[Part]> {
  return Object.fromEntries(
    ASKED[part].map((name) => [name, (...args: unknown[]) => ask(`${part}.${name}`, args)]),
  ) as Offers[Part]
}

function controlOf(ask: Ask, life: Life, source: AppResultSource): Offers['control'] {
  const asked = asking(ask, 'control')
  return {
    ...asked,
    priority: async (what, priority) => (await ask('control.priority', [idOf(what), priority])) as boolean,
    // by its id it is a fact, which waits for an owner like what is sent
    revoke: async (what) => {
      const id = idOf(what)
      if (typeof id !== 'string') return (await ask('control.revoke', [id])) as number
      await life.ready()
      await source.arrived(id)
      const open = source.isOpen(id)
      await source.revoke(id)
      return open ? 1 : 0
    },
    shutdown: async () => {
      throw umbelError('UMBEL_NOT_OWNER', 'A sender cannot stop the owner of its store; app.stop() ends the sender.')
    },
  }
}

/** Why a sender cannot do something. */
export const notOwner = (store: SenderStore, what: string): Error =>
  umbelError('UMBEL_NOT_OWNER', `${what} needs the owner of ${store.file}: this app only sends.`)

const without = (reason: string): Health => ({
  status: 'unhealthy',
  reasons: [reason],
  lanes: [],
  threads: 0,
  activeTasks: 0,
})

/** The id in a handle; anything else is for the owner to judge. */
const idOf = (what: unknown): unknown => {
  const { id } = (typeof what === 'object' && what !== null ? what : {}) as Partial<AnyResult>
  return typeof id === 'string' ? id : what
}
