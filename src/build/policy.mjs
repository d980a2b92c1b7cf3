// The Content-Security-Policy of every page. Scripts come from files of this site only; WebAssembly is
// needed by jq. Styles may be inline because xterm makes its style sheet at run time.
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'worker-src': "'self'",
  'manifest-src': "'self'",
  'form-action': "'none'",
  'base-uri': "'none'",
};

/** The policy as text. Frame rules count only in a header, not in a page's meta element. */
export function policyText(inHeader) {
  const rules = inHeader ? { ...POLICY, 'frame-ancestors': "'self'" } : POLICY;
  return Object.entries(rules)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');
}
