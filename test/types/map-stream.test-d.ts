// What a stream takes and gives. Checked by `npm run check:types`; nothing here runs.
import { createApp, defineTasks } from 'umbel'
import { holds, type Same } from './same.ts'

const images = defineTasks(import.meta, 'images', {
  resize: (_ctx, file: string): { readonly bytes: number } => ({ bytes: file.length }),
  scale: (_ctx, file: string, percent: number): string => `${file} ${percent}`,
  label: (_ctx, file: string, text: string = 'none'): string => file + text,
  all: (): number => 1,
})
const app = createApp({ tasks: [images] })
async function* files(): AsyncGenerator<string> {
  yield 'a.png'
}

const sizes = app.mapStream(images.resize, ['a.png'], { concurrency: 3, id: 'sizes' })
holds<Same<typeof sizes, AsyncGenerator<{ readonly bytes: number }, undefined, undefined>>>()
const scaled = app.mapStream(images.scale.s(50), files())
holds<Same<typeof scaled, AsyncGenerator<string, undefined, undefined>>>()
app.mapStream(images.resize, new Set(['a.png']))
app.mapStream(images.label, files())

// @ts-expect-error items of another type
app.mapStream(images.resize, [1, 2])
// @ts-expect-error a task that takes two arguments
app.mapStream(images.scale, files())
// @ts-expect-error a signature that takes no more
app.mapStream(images.resize.s('a.png'), files())
// @ts-expect-error a task that takes none
app.mapStream(images.all, files())
// @ts-expect-error no iterable
app.mapStream(images.resize, 5)
// @ts-expect-error no option
app.mapStream(images.resize, files(), { threads: 5 })
