import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type Clock, deferred, type Logger, throwIfAborted } from '../base/index.ts';
import { removeCell } from './cells.ts';
import { type Containment, cellOf } from './containment.ts';
import { signalGroup } from './end.ts';
import { childEnvironment } from './environment.ts';
import { type ChildExit, describeExit, stderrLinesKeptMax } from './exit.ts';
import { type KeptCommand, keeperFailure, keptCommand, readKeeperReport } from './keeper.ts';
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
  /**
   * Directory in which the child is recorded while it runs, for those who clean up after our own sudden end.
   */
  readonly pidDir?: string;
  /**
   * How to keep what the child starts with it; what holds ourselves, of which the child gets a part. Absent:
   * by its process group.
   */
  readonly containment?: Containment | undefined;
  /** Aborted: the child and all it started are killed at once. */
  readonly signal?: AbortSignal;
}

/**
 * A running program with pipes to us. It leads a process group of its own. The caller that spawned it must
 * end it.
 */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** A broken pipe is not an error here: `exited` tells that the program is gone. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  /**
   * Resolves once the program has ended and its standard error is read (or after 250 ms without); never
   * rejects.
   */
  readonly exited: Promise<ChildExit>;
  /** Set when `exited` has resolved. */
  readonly exit: ChildExit | undefined;
  /** SIGTERM, at most `graceMs` (0: none of both), SIGKILL to the group. Idempotent; a shorter grace wins. */
  end(graceMs: number): Promise<ChildExit>;
}

/**
 * How long after the end of a program its last words may take to arrive (something else may hold the pipe).
 */
const lastWordsMs = 250;

/**
 * How long after SIGKILL the helper may take to end what the child has started before it is killed itself.
 */
const keeperGoneMs = 5000;

let cellsMade = 0;

/**
 * Starts a program with pipes on stdin, stdout and stderr, in a process group of its own. Rejects with
 * `SPAWN_FAILED` naming command, working directory and reason; with the signal's reason when already aborted.
 *
 * Node's own `spawn`, not execa: every container loads this before its first tuple, and execa takes 65 ms to
 * load.
 */
export async function spawnChild(spec: ChildSpec): Promise<Child> {
  throwIfAborted(spec.signal);
  const started = await startPiped(spec);
  return new PipedChild(started, spec, openRecord(started.pid, spec));
}

/** A Node child process with the promise of its exit. */
interface Started {
  readonly process: ChildProcess;
  /** The program's, which is not that of the process we started if the helper keeps it. */
  readonly pid: number;
  readonly kept: KeptCommand;
  readonly exit: Promise<Pick<ChildExit, 'code' | 'signal'>>;
  readonly closed: Promise<void>;
}

function openRecord(pid: number, spec: ChildSpec): Disposable | undefined {
  try {
    return spec.pidDir === undefined ? undefined : recordProcess(spec.pidDir, pid);
  } catch (error) {
    signalGroup(pid, 'SIGKILL');
    throw spawnFailure(spec, error);
  }
}

async function startPiped(spec: ChildSpec): Promise<Started> {
  const { containment = { kind: 'group' } } = spec;
  // A restarted child may begin while the previous one of its name is still ending.
  const name = containment.kind === 'cgroup' ? `${/^[^ ]*/.exec(spec.name)![0]}-${++cellsMade}` : '';
  const kept = keptCommand(spec, cellOf(containment, name), process.pid);
  try {
    const child = await startProcess(spec, kept);
    // Listened to from the start: the program may be over before its pid is known.
    const exit = new Promise<Pick<ChildExit, 'code' | 'signal'>>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const report = child.stdio[3] as Readable | undefined;
    const pid = kept.isKept ? await readKeeperReport(spec, kept, report!) : child.pid!;
    return { process: child, pid, kept, exit, closed };
  } catch (error) {
    if (kept.cell !== undefined) await removeCell(kept.cell, spec);
    throw error;
  }
}

async function startProcess(spec: ChildSpec, kept: KeptCommand): Promise<ChildProcess> {
  try {
    const child = spawn(kept.command, [...kept.args], {
      cwd: spec.cwd,
      env: childEnvironment(spec.env),
      stdio: kept.isKept ? ['pipe', 'pipe', 'pipe', 'pipe'] : 'pipe',
      detached: true, // its own session and group: what it starts is ended with it
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } catch (error) {
    throw keeperFailure(spec, kept, error);
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
  readonly #log: Logger;
  readonly #started: Started;
  #killTimer: Disposable | undefined;
  #killAtMs = Number.POSITIVE_INFINITY;

  constructor(started: Started, spec: ChildSpec, record: Disposable | undefined) {
    const { process, pid } = started;
    this.#started = started;
    this.name = spec.name;
    this.pid = pid;
    this.stdin = process.stdin!;
    this.stdout = process.stdout!;
    this.#clock = spec.clock;
    this.#log = spec.log;
    this.stdin.on('error', (error) =>
      spec.log.debug({ event: 'child.stdin-broken', child: spec.name, error }),
    );
    const lastLines = keepLast(stderrLinesKeptMax);
    readLines(process.stderr!, (line) => {
      lastLines.add(line);
      spec.onStderrLine?.(line);
    });
    if (spec.onStdoutLine !== undefined) readLines(this.stdout, spec.onStdoutLine);
    this.exited = this.#awaitExit(lastLines.lines).then((exit) => {
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
      this.#kill();
    } else {
      if (isFirst) signalGroup(this.pid, 'SIGTERM');
      this.#killTimer = this.#clock.after(graceMs, () => this.#kill());
    }
    return this.exited;
  }

  #kill(): void {
    signalGroup(this.pid, 'SIGKILL');
    const { process, kept } = this.#started;
    // A helper that was stopped or hangs must not hold up the end; what it leaves is ended by its group or
    // with us.
    if (kept.isKept) this.#killTimer = this.#clock.after(keeperGoneMs, () => process.kill('SIGKILL'));
  }

  async #awaitExit(lastLines: readonly string[]): Promise<ChildExit> {
    const { exit, closed, kept } = this.#started;
    const { code, signal } = await exit;
    this.#killTimer?.[Symbol.dispose]();
    // What the program started must not outlive it, nor keep its pipes open.
    signalGroup(this.pid, 'SIGKILL', { leaderIsGone: true });
    const removed = kept.cell === undefined || removeCell(kept.cell, { clock: this.#clock, log: this.#log });
    const waited = deferred<undefined>();
    const limit = this.#clock.after(lastWordsMs, () => waited.resolve(undefined));
    await Promise.race([closed, waited.promise]);
    limit[Symbol.dispose]();
    await removed;
    this.exit = { code, signal, lastStderrLines: [...lastLines] };
    return this.exit;
  }
}
