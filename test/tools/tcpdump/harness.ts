// Runs tcpdump in a namespace of a small network: a process that waits for packets, a file system in memory.
import { KERNEL_DEFAULT } from '../../../simulator/base/origin.ts';
import { decodeUtf8 } from '../../../simulator/base/utf8.ts';
import { ok, refuse, type Result } from '../../../simulator/base/result.ts';
import type { WaitQueue } from '../../../simulator/base/wait.ts';
import type { NetworkNamespace } from '../../../simulator/kernel/netns.ts';
import type {
  Block,
  FileCalls,
  OpenFile,
  Program,
  ProgramContext,
  Signal,
  Wake,
} from '../../../simulator/process/program.ts';
import { tcpdumpTool } from '../../../simulator/tools/tcpdump.ts';

/** 2023-11-14 22:13:20 UTC, the wall clock at virtual time 0. */
const EPOCH = 1_700_000_000_000_000;

export class Run {
  stdout = '';
  stderr = '';
  exit: number | undefined;
  private readonly program: Program;
  private readonly signals: Signal[] = [];

  constructor(ns: NetworkNamespace, argv: readonly string[], files: Map<string, Uint8Array>) {
    const run = this;
    const { kernel } = ns;
    const fs: Partial<FileCalls> = {
      open: (path, mode) => (path.startsWith('/nowhere') ? refuse('ENOENT') : ok(memoryFile(path, mode, files))),
      readFile: (path) => entry(files, path),
      readText(path) {
        const bytes = entry(files, path);
        return bytes.ok ? ok(decodeUtf8(bytes.value)) : bytes;
      },
    };
    const ctx = {
      argv,
      netns: ns,
      origin: KERNEL_DEFAULT,
      fs: fs as FileCalls,
      get now() {
        return kernel.now;
      },
      get wallClock() {
        return EPOCH + kernel.now;
      },
      *out(text: string | Uint8Array) {
        run.stdout += typeof text === 'string' ? text : String.fromCharCode(...text);
      },
      *write(_fd: number, text: string | Uint8Array) {
        run.stdout += typeof text === 'string' ? text : String.fromCharCode(...text);
      },
      *err(text: string) {
        run.stderr += text;
      },
      *wait(queues: readonly WaitQueue[]): Generator<Block, Wake, Wake> {
        for (const queue of queues) queue.add(() => run.step('woken'));
        return yield { queues, deadline: undefined };
      },
      catchSignal: () => undefined,
      file: () => undefined,
      // Standard input is empty.
      *read(): Generator<Block, Result<Uint8Array>, Wake> {
        return ok(new Uint8Array(0));
      },
      takeSignal: () => run.signals.shift(),
    };
    this.program = tcpdumpTool.main(ctx as unknown as ProgramContext);
    this.step('woken');
  }

  interrupt(): void {
    this.signals.push('SIGINT');
    this.step('interrupted');
  }

  private step(wake: Wake): void {
    if (this.exit !== undefined) return;
    const step = this.program.next(wake);
    if (step.done === true) this.exit = step.value;
  }
}

function entry(files: ReadonlyMap<string, Uint8Array>, path: string): Result<Uint8Array> {
  const bytes = files.get(path);
  return bytes === undefined ? refuse('ENOENT') : ok(bytes);
}

function memoryFile(path: string, mode: string, files: Map<string, Uint8Array>): OpenFile {
  if (mode === 'w') files.set(path, new Uint8Array(0));
  const file: Partial<OpenFile> = {
    name: path,
    write(bytes) {
      files.set(path, Uint8Array.from([...(files.get(path) ?? []), ...bytes]));
      return ok(bytes.length);
    },
    release: () => undefined,
  };
  return file as OpenFile;
}
