import type { AnyStateMachine, OutputFrom } from 'xstate'
import type { AppSettings } from './app-options.ts'
import type { Parts } from './assemble.ts'
import type { Cell } from './cell.ts'
import { Control } from './control.ts'
import { DeadLetters } from './dead-letters.ts'
import { healthOf } from './health.ts'
import { Inspect } from './inspect.ts'
import type { Intake } from './intake.ts'
import type { Life } from './life.ts'
import type { Offers } from './offers.ts'
import { Redrives } from './redrives.ts'
import { requestAnswerer } from './requests.ts'
import type { StopOptions } from './shutdown.ts'
import { Streams, type StreamsApp } from './streams.ts'
import { Run } from './workflows/run.ts'
import { storedRuns } from './workflows/stored-runs.ts'
import type { Workflow } from './workflows/workflow.ts'
import { WorkflowRuns } from './workflows/workflow-runs.ts'

/** What an app offers that runs what its store holds. */
export function ownerOffers(
  parts: Parts & { readonly intake: Intake },
  { errors, maxBytes }: AppSettings,
  life: Life,
  stop: (options?: StopOptions) => Promise<void>,
): Offers {
  const redrives = new Redrives(parts)
  const streams = new Streams(parts)
  const { producer, source, registry, runs, locals, results } = parts
  const way: StreamsApp = {
    ready: async () => {
      life.wake()
      await life.open()
    },
    send: async (canvas, call) => {
      life.wake()
      return producer.send(canvas, call)
    },
    handle: (sent) => source.handleOf(sent),
  }
  const offers: Offers = {
    control: new Control({ ...parts, check: () => life.checkLives(), opened: () => life.open(), stop }),
    inspect: new Inspect(parts),
    deadLetters: new DeadLetters({
      ...parts,
      errors,
      maxBytes,
      redrives,
      opened: () => life.ready(),
      started: () => life.start(),
    }),
    health: async (options) => healthOf({ ...parts, trouble: life.trouble }, options),
    rerun: async (id) => {
      await life.ready()
      await life.start()
      return redrives.rerun(id)
    },
    mapStream: (canvas, items, options) => streams.make(way, canvas, items, options),
    workflow: <M extends AnyStateMachine>(workflow: Workflow<M>) => {
      if (registry.find(workflow.name, workflow.version) === undefined) registry.check(workflow)
      if (registry.register(workflow)) runs.resume(workflow)
      return storedRuns(workflow, { life, runs, source, results })
    },
    local: <M extends AnyStateMachine>(workflow: Workflow<M>) => {
      const handle = (cell: Cell): Run<M> => new Run<M>(cell, locals, locals.resultOf<OutputFrom<M>>(cell))
      return new WorkflowRuns<M>({
        open: () => life.wake(),
        ready: () => life.ready(),
        start: (id, input) => handle(locals.start(workflow, id, input)),
        find: async (id) => {
          const cell = locals.find(id, workflow.name)
          return cell === undefined ? undefined : handle(cell)
        },
      })
    },
    stop: (why) => streams.stop(why),
  }
  parts.intake.answerBy(
    requestAnswerer(offers, {
      forget: (id) => source.forget(id),
      update: (id, event, options) => runs.ask(id, event, options),
    }),
  )
  return offers
}
