/** A template that cannot be parsed or executed; `message` is what Go's error says. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
