import starlight from '@astrojs/starlight';
import { defineConfig } from 'astro/config';
import starlightLinksValidator from 'starlight-links-validator';
import { codeButtons } from './src/build/code-buttons.mjs';
import { contentSecurityPolicy } from './src/build/csp.mjs';
import { jqBesideTheWorker } from './src/build/jq-wasm.mjs';
import { lateCode } from './src/build/late-code.mjs';
import { leanHead } from './src/build/lean-head.mjs';
import { precompress } from './src/build/precompress.mjs';

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

export default defineConfig({
  srcDir: '.', // so that content/docs and content/i18n stand at the top and Starlight still finds them
  devToolbar: { enabled: false },
  trailingSlash: 'ignore',
  prefetch: false, // one script less on every page
  redirects: { '/': '/en/', '/fidelity': '/en/fidelity/' },
  integrations: [
    starlight({
      title: 'Meshwalk',
      description: 'Walk one packet through Docker Swarm’s routing mesh, in a browser tab.',
      defaultLocale: 'en',
      locales: { en: { label: 'English', lang: 'en' }, 'zh-cn': { label: '简体中文', lang: 'zh-CN' } },
      pagefind: false, // three pages need no search
      plugins: [starlightLinksValidator()],
      lastUpdated: false,
      customCss: [
        './src/styles/fonts.css',
        './src/styles/tokens.css',
        './src/styles/prose.css',
        './src/styles/code.css',
        './src/styles/chinese.css',
      ],
      routeMiddleware: './src/build/route-data.ts',
      components: {
        Head: './src/components/Head.astro',
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
    leanHead(),
    contentSecurityPolicy(),
    precompress(), // last: it copies what the others wrote
  ],
  vite: {
    worker: { format: 'es', plugins: () => [lateCode()] }, // without 'es' lazy imports inside the worker are inlined
    plugins: [jqBesideTheWorker(), lateCode()],
    build: {
      rolldownOptions: {
        onwarn(warning, report) {
          if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') report(warning);
        },
      },
    },
  },
});
