import { type App, createApp } from 'umbel'
import { bench } from '../tasks.ts'

/** Start an app with so many threads, and inline slots. */
export async function openApp(threads: number): Promise<App> {
  const app = createApp({ name: 'workflows', tasks: [bench], lanes: { default: { threads, inline: 100 } } })
  await app.start()
  return app
}
