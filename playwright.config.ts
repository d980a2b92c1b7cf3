import { defineConfig } from '@playwright/test';

const PORT = 4799;
const executablePath = process.env.MESHWALK_BROWSER;

export default defineConfig({
  testDir: 'test/site',
  testMatch: '*.spec.ts',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  workers: 1,
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: 'node_modules/.cache/test/site.json' }]],
  outputDir: 'node_modules/.cache/test/site',
  use: {
    baseURL: `http://localhost:${PORT}`,
    viewport: { width: 1440, height: 900 },
    serviceWorkers: 'block', // each test would keep the whole site; offline.spec.ts lets them work
    launchOptions: {
      ...(executablePath !== undefined && { executablePath }),
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    },
  },
  webServer: {
    command: 'node src/tasks/start.mjs --no-build',
    url: `http://localhost:${PORT}/en/`,
    env: { PORT: String(PORT) },
    reuseExistingServer: false,
  },
});
