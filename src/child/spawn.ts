import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type Clock, deferred, type Logger, throwIfAborted } from '../base/index.ts';
import { signalGroup } from './end.ts';
import { childEnvironment } from './environment.ts';
import { type ChildExit, describeExit, stderrLinesKeptMax } from './exit.ts';
import { keepLast, readLines } from './lines.ts';
import { recordProcess } from './pid-records.ts';
import { spawnFailure } from './spawn-failure.ts';

export interface ChildSpec {
  /** What it is, for logs and errors: `shell-7`, `jvm`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Laid over this process's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Gets each line of standard error. The last ones are kept for {@link ChildExit} either way. */
  readonly onStderrLine?: (line: string) => void;
  /** Gets each line of standard output, which the caller then must not read itself. */
  readonly onStdoutLine?: (line: string) => void;
  /** Directory in which the child is recorded while it runs, for those who clean up after our own sudden end. */
  readonly pidDir?: string;
  /** Aborted: the child and its group are killed at once. */
  readonly signal?: AbortSignal;
}

/** A running program with pipes to us. It leads a process group of its own. Whoever spawned it must end it. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** A broken pipe is not an error here: `exited` tells that the program is gone. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves once the program has ended and its standard error is read (or after 250 ms without); never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Set when `exited` has resolved. */
  readonly exit: ChildExit | undefined;
  /** SIGTERM, at most `graceMs` (0: none of both), SIGKILL to the group. Idempotent; a shorter grace wins. */
  end(graceMs: number): Promise<ChildExit>;
}

/** How long after the end of a program its last words may take to arrive (something else may hold the pipe). */
const lastWordsMs = 250;

/**
 * Starts a program with pipes on stdin, stdout and stderr, in a process group of its own. Rejects with `SPAWN_FAILED`
 * naming command, working directory and reason; with the signal's reason when already aborted.
 *
 * Node's own `spawn`, not execa: every container loads this on its way to the first tuple, and execa takes 65 ms to load.
 */
export async function spawnChild(spec: ChildSpec): Promise<Child> {
  throwIfAborted(spec.signal);
  const process = startPiped(spec);
  await new Promise<void>((resolve, reject) => {
    process.once('spawn', resolve);
    process.once('error', (error) => reject(spawnFailure(spec, error)));
  });
  return new PipedChild(process, spec, openRecord(process, spec));
}

function openRecord(process: ChildProcess, spec: ChildSpec): Disposable | undefined {
  try {
    return spec.pidDir === undefined ? undefined : recordProcess(spec.pidDir, process.pid!);
  } catch (error) {
    signalGroup(process.pid!, 'SIGKILL');
    throw spawnFailure(spec, error);
  }
}

function startPiped(spec: ChildSpec): ChildProcess {
  try {
    return spawn(spec.command, [...spec.args], {
      cwd: spec.cwd,
      env: childEnvironment(spec.env),
      stdio: 'pipe',
      detached: true, // its own session and group: what it starts is ended with it
    });
  } catch (error) {
    throw spawnFailure(spec, error);
  }
}

class PipedChild implements Child {
  readonly name: string;
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly exited: Promise<ChildExit>;
  exit: ChildExit | undefined;
  readonly #clock: Clock;
  #killTimer: Disposable | undefined;
  #killAtMs = Number.POSITIVE_INFINITY;

  constructor(process: ChildProcess, spec: ChildSpec, record: Disposable | undefined) {
    this.name = spec.name;
    this.pid = process.pid!;
    this.stdin = process.stdin!;
    this.stdout = process.stdout!;
    this.#clock = spec.clock;
    this.stdin.on('error', (error) =>
      spec.log.debug({ event: 'child.stdin-broken', child: spec.name, error }),
    );
    const lastLines = keepLast(stderrLinesKeptMax);
    readLines(process.stderr!, (line) => {
      lastLines.add(line);
      spec.onStderrLine?.(line);
    });
    if (spec.onStdoutLine !== undefined) readLines(this.stdout, spec.onStdoutLine);
    this.exited = this.#awaitExit(process, lastLines.lines).then((exit) => {
      record?.[Symbol.dispose]();
      spec.signal?.removeEventListener('abort', kill);
      spec.log.debug({ event: 'child.exited', child: spec.name, pid: this.pid, how: describeExit(exit) });
      return exit;
    });
    const kill = (): void => void this.end(0);
    if (spec.signal?.aborted === true) kill();
    else spec.signal?.addEventListener('abort', kill, { once: true });
  }

  end(graceMs: number): Promise<ChildExit> {
    const killAtMs = this.#clock.monotonicMs() + graceMs;
    if (this.exit !== undefined || killAtMs >= this.#killAtMs) return this.exited;
    const isFirst = this.#killAtMs === Number.POSITIVE_INFINITY;
    this.#killAtMs = killAtMs;
    this.#killTimer?.[Symbol.dispose]();
    if (graceMs <= 0) {
      signalGroup(this.pid, 'SIGKILL');
    } else {
      if (isFirst) signalGroup(this.pid, 'SIGTERM');
      this.#killTimer = this.#clock.after(graceMs, () => signalGroup(this.pid, 'SIGKILL'));
    }
    return this.exited;
  }

  async #awaitExit(process: ChildProcess, lastLines: readonly string[]): Promise<ChildExit> {
    const closed = new Promise<void>((resolve) => process.once('close', () => resolve()));
    const { code, signal } = await new Promise<Pick<ChildExit, 'code' | 'signal'>>((resolve) => {
      process.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.#killTimer?.[Symbol.dispose]();
    // What the program started must not outlive it, nor keep its pipes open.
    signalGroup(this.pid, 'SIGKILL', { leaderIsGone: true });
    const waited = deferred<undefined>();
    const limit = this.#clock.after(lastWordsMs, () => waited.resolve(undefined));
    await Promise.race([closed, waited.promise]);
    limit[Symbol.dispose]();
    this.exit = { code, signal, lastStderrLines: [...lastLines] };
    return this.exit;
  }
}
