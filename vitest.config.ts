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
    // nothing waits by the clock; these only bound a hang, on a machine as busy and as slow as it may be
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
  },
})
