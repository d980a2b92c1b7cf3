// Finds and parses the project's own source files, for the tidy tests.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The project's root folder. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.astro', '.cache', 'coverage', 'test-results']);

/** Paths, relative to the root, of all files under `folder` whose name ends with one of `endings`. */
export function filesUnder(folder: string, endings: readonly string[]): string[] {
  const found: string[] = [];
  const visit = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (SKIPPED.has(entry.name)) continue;
      const path = join(dir, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(relative(ROOT, path));
    }
  };
  visit(join(ROOT, folder));
  return found.sort();
}

/** The text of a file of the project. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every module a TypeScript file names: imports, re-exports, type imports and `import()`. */
export function importsOf(path: string): string[] {
  return ts.preProcessFile(textOf(path), true, true).importedFiles.map((file) => file.fileName);
}

/** The file in the project that `specifier` means when `from` imports it, without its ending; or undefined for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(ROOT, resolve(ROOT, dirname(from), specifier)).replace(/\.(ts|js)$/, '');
}

/** Names that a file uses as values: identifiers that are not property names, keys or types. */
export function* identifiersOf(path: string): Generator<{ name: string; line: number; of: string | undefined }> {
  const source = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true);
  const stack: ts.Node[] = [source];
  while (stack.length > 0) {
    const node = stack.pop()!;
    node.forEachChild((child) => void stack.push(child));
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (node.kind === ts.SyntaxKind.AsyncKeyword) yield { name: 'async', line, of: undefined };
    if (ts.isAwaitExpression(node)) yield { name: 'await', line, of: undefined };
    if (!ts.isIdentifier(node)) continue;
    const { parent } = node;
    if (ts.isTypeReferenceNode(parent)) continue;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
      yield { name: node.text, line, of: parent.expression.getText(source) };
    } else if (!isKey(parent, node)) {
      yield { name: node.text, line, of: undefined };
    }
  }
}

/** Whether `node` only names a member of an object, a class, an interface or an enumeration. */
function isKey(parent: ts.Node, node: ts.Identifier): boolean {
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isEnumMember(parent)) &&
    parent.name === node
  );
}
