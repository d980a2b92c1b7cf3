import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    exclude: ['test/site/**', 'node_modules/**'],
    passWithNoTests: true,
    testTimeout: 120_000,
    maxWorkers: 2,
    deps: { interopDefault: false }, // packages as Node itself imports them (jq-web exports a promise)
  },
});
