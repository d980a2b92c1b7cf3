/** The comment that each file of the engine begins with, as text to read. */

/** The file that declares the command `name`, among those of the tools, the shell and the engine. */
export function sourceOf(name: string, sources: Readonly<Record<string, string>>): string | undefined {
  const files = Object.entries(sources);
  const own = files.find(([path]) => path.endsWith(`/${name}.ts`) || path.endsWith(`/${name}/index.ts`));
  if (own !== undefined) return own[1];
  const quoted = name.replaceAll(/[.[\]]/g, '\\$&');
  const declares = new RegExp(`name: '${quoted}'|^\\s*(?:\\w+\\()?'${quoted}',`, 'm');
  return files.find(([path, text]) => !path.endsWith('/man.ts') && declares.test(text))?.[1];
}

/** The paragraphs of a file's first comment. */
export function headerOf(source: string): string[] {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? '';
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join('\n')
    .split(/\n\s*\n/)
    .map((paragraph) =>
      paragraph
        .replaceAll('\n', ' ')
        .replace(/\{@link (\S+?)\}/g, '$1')
        .trim(),
    )
    .filter((paragraph) => paragraph !== '');
}
