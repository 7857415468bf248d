import { defineConfig } from 'vitest/config'

/** Packages are read from their sources; Vitest hands the condition on to its processes, and they to their worker threads. */
const source = '@umbel/source'

export default defineConfig({
  resolve: { conditions: [source, 'module', 'node', 'development|production'] },
  ssr: {
    resolve: {
      conditions: [source, 'module', 'node', 'development|production'],
      externalConditions: [source, 'node'],
    },
  },
  test: {
    pool: 'forks',
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    execArgv: [`--conditions=${source}`],
  },
})
