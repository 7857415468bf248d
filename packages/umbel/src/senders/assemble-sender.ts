import { makeIds, type SenderStore } from '@umbel/core'
import { announceSent } from '../announce.ts'
import type { AppSettings } from '../app-options.ts'
import type { AppParts } from '../app-parts.ts'
import { failureTeller, refusalTeller } from '../assemble.ts'
import { resolving } from '../assemble-workflows.ts'
import { uniqueAmong } from '../key-of-task.ts'
import { Producer } from '../producer.ts'
import { AppResultSource } from '../result-source.ts'
import { giving } from '../result-value.ts'
import { Results } from '../results.ts'
import { Seats } from '../seats.ts'
import { SignalBus } from '../signals.ts'
import type { LaneOffer } from '../spec-resolver.ts'
import type { Emissions } from '../workflows/emissions.ts'
import { Lookout } from './lookout.ts'
import { Outbox } from './outbox.ts'
import { RemoteOwner } from './remote-owner.ts'
import { RemoteRuns } from './remote-runs.ts'
import { notOwner, senderOffers } from './sender-offers.ts'

/** Put together an app that only sends: what is sent is checked and compiled here, and left for the owner of the store. @throws UMBEL_BAD_ROUTE */
export function assembleSender(settings: Omit<AppSettings, 'store'>, store: SenderStore): AppParts {
  const { clock, tasks, errors } = settings
  const signals = new SignalBus(() => clock.now())
  const failed = failureTeller(signals, clock)
  const outbox = new Outbox(store)
  const lookout = new Lookout({ store, errors, results: () => results, failed })
  const results: Results = new Results(new Seats(), {
    wanted: (cell) => lookout.want(cell),
    give: giving(errors),
  })
  const ids = makeIds(() => clock.now(), settings.random)
  const remote = new RemoteOwner({ outbox, lookout, ids, errors })
  const source = new AppResultSource({
    clock,
    errors,
    results,
    engine: outbox,
    store: {
      get: async (id) => outbox.row(id),
      peek: (id) => outbox.row(id),
      children: async (id) => store.children(id),
      drop: async (id) => void (await remote.ask('forget', [id])),
    },
  })
  const announce = { signals, row: () => undefined }
  // the owner holds what is sent to its limits, and has the truth on them
  const { resolver, registry } = resolving(settings, lanesOf(settings), { check: () => {} })
  const producer = new Producer({
    engine: {
      accept: (event, taken, seat) => {
        announceSent(announce, 'before-task-publish', event)
        outbox.accept(event, (error) => {
          taken?.(error, undefined, event, seat)
          if (error !== undefined) return
          lookout.stored(event.id)
          announceSent(announce, 'after-task-publish', event)
        })
      },
    },
    lanes: new Map(),
    results,
    signals,
    ids,
    resolver,
    now: () => clock.now(),
    uniqueOf: uniqueAmong(tasks),
    known: async (id) => outbox.row(id) !== undefined,
    knownAtOnce: (id) => outbox.row(id) !== undefined,
  })
  const runs = new RemoteRuns({
    engine: {
      accept: (event, taken, seat) =>
        outbox.accept(event, (error) => {
          taken?.(error, undefined, event, seat)
          if (error === undefined && event.type === 'chart-started') lookout.stored(event.id)
        }),
      drained: () => outbox.drained(),
      rows: () => [].values(),
    },
    results,
    source,
    registry,
    emissions: notHere(store),
    clock,
    ids,
    failed,
    refused: refusalTeller(signals, clock),
    ask: (name, args) => remote.ask(name, args),
  })
  return {
    tasks,
    registry,
    clock,
    signals,
    producer,
    source,
    failed,
    whenLost: () => {},
    course: {
      open: () => store.open(),
      opening: (opened) => outbox.opening(opened),
      begin: async () => {},
      leave: () => {},
      end: async () => {
        await outbox.drained()
        outbox.closing()
        await store.close()
      },
      hurry: () => {},
      ended: (why) => {
        lookout.stop(why)
        results.refuseAll(why)
      },
    },
    offers: (life) => senderOffers({ life, remote, source, store, runs, registry, results }),
  }
}

/** What machines emit is told where they run. */
const notHere = (store: SenderStore): Pick<Emissions, 'on'> => ({
  on: () => {
    throw notOwner(store, 'To listen to what a machine emits')
  },
})

/** Where the app was told of lanes, what is sent must be for one of them; else the owner knows. */
function lanesOf({
  lanes,
  lanesGiven,
}: Pick<AppSettings, 'lanes' | 'lanesGiven'>): Pick<ReadonlyMap<string, LaneOffer>, 'get' | 'keys'> {
  const some: LaneOffer = { serves: () => true }
  return {
    get: (name) => (!lanesGiven || lanes.has(name) ? some : undefined),
    keys: () => lanes.keys(),
  }
}
