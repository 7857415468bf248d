// What the compiler knows of machines that run as live actors. Checked by `npm run check:types`; nothing here runs.
import { type App, type Run, workflow } from 'umbel'
import { fromPromise, setup } from 'xstate'
import { holds, type Same } from './same.ts'

declare const app: App
const machine = setup({
  types: {} as { input: { of: number }; events: { type: 'GO' }; output: () => number; tags: 'ON' },
  actors: { fetch: fromPromise(async () => 1) },
}).createMachine({ id: 'm', output: () => () => 1 })

const run = app.workflow(machine, { local: true, keep: 5 }).start({ input: { of: 1 } })
holds<Same<typeof run, Run<typeof machine>>>()
const output = run.result.get()
holds<Same<typeof output, Promise<() => number>>>()
run.send({ type: 'GO' })
run.waitFor('ON')
// @ts-expect-error the input is missing
app.workflow(machine, { local: true }).start()
// @ts-expect-error only what is stored has versions
app.workflow(machine, { local: true, version: '2' })
// @ts-expect-error only what is stored is migrated
app.workflow(machine, { local: true, migrate: {} })
// @ts-expect-error what workflow() makes is stored
app.workflow(workflow(machine), { local: true })
// @ts-expect-error what is a step of a canvas is stored
workflow(machine, { local: true })
// @ts-expect-error it is true or left out
app.workflow(machine, { local: false })
// @ts-expect-error a run is no step of a canvas
app.workflow(machine, { local: true }).s({ of: 1 })
