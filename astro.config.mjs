import { fileURLToPath } from 'node:url';
import starlight from '@astrojs/starlight';
import { defineConfig } from 'astro/config';
import starlightLinksValidator from 'starlight-links-validator';
import { codeButtons } from './src/build/code-buttons.mjs';
import { contentSecurityPolicy } from './src/build/csp.mjs';
import { jqBesideTheWorker } from './src/build/jq-wasm.mjs';
import { lateCode } from './src/build/late-code.mjs';
import { lazyStyles } from './src/build/lazy-styles.mjs';
import { leanHead } from './src/build/lean-head.mjs';
import { noteRareFiles, offline } from './src/build/offline.mjs';
import { precompress } from './src/build/precompress.mjs';
import { searchWords } from './src/build/search-words.mjs';

/** The units in their order: folder, name, Chinese name. */
const UNITS = [
  ['orientation', 'Orientation', '入门'],
  ['plumbing', 'Linux plumbing', 'Linux 网络基础'],
  ['ipvs', 'IPVS', 'IPVS'],
  ['one-host', 'Docker on one host', '单机 Docker'],
  ['vxlan', 'VXLAN', 'VXLAN'],
  ['swarm', 'Swarm networks', 'Swarm 网络'],
  ['services', 'Services', '服务'],
  ['mesh', 'Routing mesh', '路由网格'],
];

const ENTITIES = 'decode-named-character-reference';

export default defineConfig({
  srcDir: '.', // so that content/docs and content/i18n stand at the top and Starlight still finds them
  devToolbar: { enabled: false },
  trailingSlash: 'ignore',
  prefetch: false, // one script less on every page
  redirects: { '/': '/en/', '/fidelity': '/en/fidelity/', '/studio': '/en/studio/' },
  integrations: [
    starlight({
      title: 'Meshwalk',
      description: 'Walk one packet through Docker Swarm’s routing mesh, in a browser tab.',
      defaultLocale: 'en',
      locales: { en: { label: 'English', lang: 'en' }, 'zh-cn': { label: '简体中文', lang: 'zh-CN' } },
      pagefind: true, // the index; the panel is our own, src/search
      plugins: [starlightLinksValidator()],
      lastUpdated: false,
      customCss: [
        './src/styles/fonts.css',
        './src/styles/tokens.css',
        './src/styles/prose.css',
        './src/styles/code.css',
        './src/styles/chinese.css',
        './src/styles/print.css',
      ],
      routeMiddleware: './src/build/route-data.ts',
      components: {
        Head: './src/components/Head.astro',
        Footer: './src/components/Footer.astro',
        Header: './src/components/Header.astro',
        PageFrame: './src/components/PageFrame.astro',
        PageTitle: './src/components/PageTitle.astro',
        Sidebar: './src/components/Sidebar.astro',
        ThemeProvider: './src/components/ThemeProvider.astro',
        TwoColumnContent: './src/components/TwoColumnContent.astro',
      },
      expressiveCode: {
        frames: false,
        defaultProps: { wrap: true, hangingIndent: 4 }, // nothing to scroll sideways, on any screen
        plugins: [codeButtons()],
        themes: ['github-light', 'github-dark'],
        styleOverrides: { codeFontFamily: 'var(--sl-font-mono)', borderRadius: '0' },
      },
      sidebar: [
        ...UNITS.map(([directory, label, chinese]) => ({
          label,
          translations: { 'zh-CN': chinese },
          items: [{ autogenerate: { directory } }],
        })),
        { label: 'About', items: [{ slug: 'keys' }, { slug: 'fidelity' }] },
      ],
    }),
    searchWords(),
    leanHead(),
    contentSecurityPolicy(),
    offline(),
    precompress(), // last: it copies what the others wrote
  ],
  vite: {
    worker: { format: 'es', plugins: () => [lateCode(), noteRareFiles()] }, // without 'es' lazy imports inside the worker are inlined
    plugins: [jqBesideTheWorker(), lateCode(), lazyStyles(), noteRareFiles()],
    resolve: {
      alias: [
        { find: /^monaco-editor\/esm\/vs\//, replacement: 'monaco-editor/' }, // how monaco-yaml still calls it
        // The studio reads Markdown in a worker; what browsers would get asks the page's document.
        { find: ENTITIES, replacement: fileURLToPath(import.meta.resolve(ENTITIES)) },
      ],
    },
    build: {
      rolldownOptions: {
        onwarn(warning, report) {
          if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') report(warning);
        },
      },
    },
  },
});
