import { defineConfig } from 'vitest/config'

// Packages are read from their sources. Vitest hands these conditions on to its processes and they to their worker threads,
// so only ones that Node itself would use stand here: with `module` and `development` tests would load other files than users do.
const conditions = ['@umbel/source', 'node']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
  },
})
