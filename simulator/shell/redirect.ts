/** Redirections (bash(1), REDIRECTION): from left to right, as a map of descriptors to open files. */
import type { HereDoc, Redirect, Redirection } from 'unbash';
import { strerror } from '../base/errno.ts';
import { ViewOpenFile } from '../process/files.ts';
import type { Blocking, OpenFile } from '../process/program.ts';
import { expandHereDocument, expandToString, expandWord } from './expand.ts';
import type { Shell } from './state.ts';

export type FileMap = Map<number, OpenFile | null>;

/** Opens everything; undefined when one failed (the message is already printed). */
export function* openRedirections(sh: Shell, redirections: readonly Redirection[]): Blocking<FileMap | undefined> {
  const files: FileMap = new Map();
  for (const redirection of redirections) {
    let good: boolean;
    if (redirection.operator === '<<' || redirection.operator === '<<-') {
      files.set(descriptor(redirection, 0), textFile(yield* hereText(sh, redirection)));
      good = true;
    } else if (redirection.operator === '<<<') {
      const text = redirection.target === undefined ? '' : yield* expandToString(sh, redirection.target);
      files.set(descriptor(redirection, 0), textFile(`${text}\n`));
      good = true;
    } else good = yield* openOne(sh, redirection as Redirect, files);
    if (!good) return undefined;
  }
  return files;
}

function descriptor(redirection: Redirection, otherwise: number): number {
  return redirection.descriptor?.type === 'FileDescriptor' ? redirection.descriptor.value : otherwise;
}

function textFile(text: string): OpenFile {
  return new ViewOpenFile('/tmp/sh-thd (deleted)', text, undefined);
}

function* hereText(sh: Shell, redirection: HereDoc): Blocking<string> {
  const { body, delimiter } = redirection;
  const tabs = redirection.operator === '<<-';
  if (delimiter?.quoted === true || body.parts === undefined) return tabs ? body.text.replace(/^\t+/gm, '') : body.text;
  return yield* expandHereDocument(sh, body.parts, tabs);
}

function* openOne(sh: Shell, redirect: Redirect, files: FileMap): Blocking<boolean> {
  const { operator } = redirect;
  const target = yield* targetOf(sh, redirect);
  if (target === undefined) return false;
  if (redirect.descriptor?.type === 'FileDescriptorVariable')
    return yield* refuse(sh, `{${redirect.descriptor.name}}: is not emulated here`);
  const both = operator === '&>' || operator === '&>>';
  const fd = descriptor(redirect, operator.startsWith('<') ? 0 : 1);
  if (operator === '>&' || operator === '<&') {
    if (target === '-') {
      files.set(fd, null);
      return true;
    }
    if (/^\d+-?$/.test(target)) return yield* duplicate(sh, files, fd, parseInt(target, 10));
    if (operator === '<&') return yield* refuse(sh, `${target}: ambiguous redirect`);
  }
  const mode = operator === '<' ? 'r' : operator === '<>' ? 'r+' : operator.endsWith('>>') ? 'a' : 'w';
  if (mode === 'w' && operator !== '>|' && sh.options.noclobber && isFile(sh, target)) {
    return yield* refuse(sh, `${target}: cannot overwrite existing file`);
  }
  const opened = sh.ctx.fs.open(target, mode);
  if (!opened.ok) return yield* refuse(sh, `${target}: ${strerror(opened.errno)}`);
  files.set(fd, opened.value);
  if (both || (operator === '>&' && redirect.descriptor === undefined)) files.set(2, opened.value);
  return true;
}

function isFile(sh: Shell, path: string): boolean {
  const stat = sh.ctx.fs.stat(path);
  return stat.ok && stat.value.type === 'file';
}

function* targetOf(sh: Shell, redirect: Redirect): Blocking<string | undefined> {
  if (redirect.target === undefined) return '';
  const fields = yield* expandWord(sh, redirect.target);
  if (fields.length === 1) return fields[0];
  yield* sh.ctx.err(`${sh.prefix}${redirect.target.text}: ambiguous redirect\n`);
  return undefined;
}

function* duplicate(sh: Shell, files: FileMap, fd: number, from: number): Blocking<boolean> {
  const file = files.has(from) ? files.get(from) : sh.ctx.file(from);
  if (file === undefined || file === null) return yield* refuse(sh, `${from}: Bad file descriptor`);
  files.set(fd, file);
  return true;
}

function* refuse(sh: Shell, message: string): Blocking<boolean> {
  yield* sh.ctx.err(`${sh.prefix}${message}\n`);
  return false;
}

/** Puts the files in place of the shell's own, runs `body`, and puts the old ones back. */
export function* withFiles(sh: Shell, files: FileMap, body: () => Blocking<number>): Blocking<number> {
  if (files.size === 0) return yield* body();
  const { ctx } = sh;
  const saved = new Map<number, OpenFile | undefined>();
  const opened: number[] = [];
  for (const fd of files.keys()) {
    const before = ctx.file(fd);
    before?.retain();
    saved.set(fd, before);
    if (fd > 2 && !sh.openFds.has(fd)) {
      sh.openFds.add(fd);
      opened.push(fd);
    }
  }
  replaceFiles(sh, files);
  try {
    return yield* body();
  } finally {
    for (const [fd, file] of saved) {
      if (file === undefined) ctx.close(fd);
      else {
        ctx.install(file, fd);
        file.release();
      }
    }
    for (const fd of opened) sh.openFds.delete(fd);
  }
}

/** Installs the files for good (`exec >file`). */
export function replaceFiles(sh: Shell, files: FileMap): void {
  for (const file of files.values()) file?.retain();
  for (const [fd, file] of files) {
    if (file === null) sh.ctx.close(fd);
    else {
      sh.ctx.install(file, fd);
      if (fd > 2) sh.openFds.add(fd);
    }
  }
  for (const file of files.values()) file?.release();
}
