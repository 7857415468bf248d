// One process with a store, in plain JavaScript, so that no types have to be stripped:
// `child.js fill FILE COUNT` leaves tasks in flight and kills itself; `child.js recover FILE` goes on with them; `child.js own FILE` takes in what
// `child.js send FILE COUNT` sends.
import { once } from 'node:events'
import { setTimeout as after } from 'node:timers/promises'
import { createApp } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { recovered } from './tasks.js'

const [what = '', file = '', given = '0'] = process.argv.slice(2)
const count = Number(given)
const now = () => performance.timeOrigin + performance.now()
/** @param {object} line */
const say = (line) => console.log(JSON.stringify(line))

/** Two tasks run, the others wait. */
async function fill() {
  process.env.DIES = '1'
  const app = createApp({ tasks: [recovered], store: sqliteStore(file), lanes: { default: { threads: 2 } } })
  await Promise.all(Array.from({ length: count }, () => app.delay(recovered.started.s()).accepted))
  process.kill(process.pid, 'SIGKILL')
}

async function recover() {
  const app = createApp({ tasks: [recovered], store: sqliteStore(file), lanes: { default: { threads: 2 } } })
  const began = now()
  let ended = 0
  const first = new Promise((resolve) =>
    app.on('task-success', ({ result }) => {
      ended += 1
      resolve(result)
    }),
  )
  await app.start()
  const ready = now() - began
  const lanes = await app.inspect.lanes()
  const issued = lanes.reduce((sum, { waiting, running }) => sum + waiting + running, ended)
  const issuedAfter = now() - began
  say({ ready, issued, issuedAfter, first: (await first) - began })
  process.exit(0)
}

async function own() {
  const app = createApp({ tasks: [recovered], store: sqliteStore(file), lanes: { default: { threads: 1 } } })
  app.on('task-received', ({ id }) => say({ id, at: now() }))
  await app.start()
  say({ ready: true })
  const stays = setInterval(() => {}, 60_000) // an app without work lets its process end
  await once(process, 'SIGTERM')
  clearInterval(stays)
  await app.stop({ deadline: 0 })
}

async function send() {
  const app = createApp({ tasks: [recovered], store: sqliteStore(file, { as: 'sender' }) })
  for (let number = 0; number < count; number += 1) {
    const { id, accepted } = app.delay(recovered.started.s())
    await accepted
    say({ id, at: now() })
    await after(5 + (number % 7))
  }
  await app.stop({ deadline: 0 })
}

const lives = new Map(Object.entries({ fill, recover, own, send }))
await lives.get(what)?.()
