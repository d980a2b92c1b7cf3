// Monaco imports a style sheet for each of its parts. Astro would link them all from every page, because the studio's pages
// and the lessons are one route. This makes each a piece of the script that imports it, so that they come with Monaco.

const MONACO = /\/node_modules\/monaco-editor\//;
const MARK = '\0lazy-style:';

/** The Vite plugin, for the page's build. */
export function lazyStyles() {
  return {
    name: 'lazy-styles',
    enforce: 'pre',
    async resolveId(source, importer = '') {
      if (!source.endsWith('.css') || !MONACO.test(importer)) return null;
      const found = await this.resolve(source, importer, { skipSelf: true });
      return found === null ? null : `${MARK}${found.id}.js`;
    },
    load(id) {
      if (!id.startsWith(MARK)) return null;
      const sheet = JSON.stringify(`${id.slice(MARK.length, -'.js'.length)}?inline`);
      return `import text from ${sheet};
        const style = document.createElement('style');
        style.textContent = text;
        document.head.append(style);`;
    },
  };
}
