import { defineConfig } from 'vitest/config'

// Packages are read from their sources. Vitest hands these conditions on to its processes and they to their worker threads,
// so only ones that Node itself would use stand here: with `module` and `development` tests would load other files than users do.
const conditions = ['@umbel/source', 'node']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    // types are stripped once and not in each thread anew
    env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/compile` },
    // nothing waits by the clock; this only bounds a hang, on a machine as busy as it may be
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
  },
})
