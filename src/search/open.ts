/** Fetches the search when its panel is opened for the first time, and opens it by Ctrl K (outside of terminals). */
const panel = document.getElementById('site-search')!;

panel.addEventListener('beforetoggle', () => void import('./panel.ts').then(({ startSearch }) => startSearch(panel)), {
  once: true,
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'k' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  if (event.target instanceof Element && event.target.closest('.xterm, .monaco-editor')) return;
  event.preventDefault();
  panel.togglePopover();
});
