// Sets the theme before anything is drawn: the reader's choice, or the system's. A file of its own, because the policy allows no inline script.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('starlight-theme');
  } catch {
    // storage is off
  }
  const light = chosen === null ? matchMedia('(prefers-color-scheme: light)').matches : chosen === 'light';
  document.documentElement.dataset.theme = light ? 'light' : 'dark';
})();
