/** Fetches the page's part of being offline once the page has come to rest; a lab does so after its first prompt. */
const REST_MS = 2000;

const fetchIt = (): void => void setTimeout(() => void import('./page.ts'), REST_MS);
if (document.readyState === 'complete') fetchIt();
else addEventListener('load', fetchIt);
