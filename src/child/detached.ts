import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { GatewayError } from '../base/index.ts';
import type { Containment } from './containment.ts';
import { childEnvironment } from './environment.ts';
import type { ChildExit } from './exit.ts';
import { type KeeperProcess, keeperFailure, keeperProcess, keptCommand, readKeeperReport } from './keeper.ts';
import { processStart } from './proc.ts';

export interface DetachedSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Laid over this process's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** File to which both of its outputs are appended (made with its directories); absent: nowhere. */
  readonly outputFile?: string;
  /** How to keep what it starts with it; its own, as `cellOf` makes it. Absent: by its process group. */
  readonly containment?: Containment | undefined;
}

/**
 * A process that leads a session of its own and does not end with us. Known again by `pid` and
 * `processStart`.
 */
export interface DetachedProcess {
  readonly pid: number;
  readonly processStart: string;
  /** The helper that kills what is left once it has ended, see `endContained`. */
  readonly keeper?: KeeperProcess | undefined;
  /** Resolves when it ends while we still live; never rejects, and does not keep us alive. */
  readonly exited: Promise<ChildExit>;
}

/**
 * Starts a program that outlives us: own session, nothing on stdin, outputs to a file or nowhere. End it by
 * `endProcess`. Rejects with `SPAWN_FAILED` naming command, working directory and reason.
 */
export async function spawnDetached(spec: DetachedSpec): Promise<DetachedProcess> {
  // Loaded at the first use: containers import this room and never start a detached process.
  const { execa } = await import('execa');
  const output = spec.outputFile === undefined ? undefined : openOutput(spec.outputFile);
  // Any descriptor works; execa's types name only those up to 9.
  const stdio = (output ?? 'ignore') as 'ignore';
  try {
    const kept = keptCommand(spec, spec.containment ?? { kind: 'group' }, 0);
    const process = execa(kept.command, kept.args, {
      cwd: spec.cwd,
      env: childEnvironment(spec.env),
      extendEnv: false,
      stdio: kept.isKept ? ['ignore', stdio, stdio, 'pipe'] : ['ignore', stdio, stdio],
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
    });
    const { pid: startedPid } = process;
    if (startedPid === undefined) throw keeperFailure(spec, kept, (await process).cause);
    process.unref();
    const report = process.stdio[3] as Readable | undefined;
    const pid = report === undefined ? startedPid : await readKeeperReport(spec, kept, report);
    // It may be over already, but not reaped: Node has had no turn of its loop since the start.
    const start = processStart(pid) ?? '0';
    const keeper = kept.isKept ? { keeper: keeperProcess(startedPid) } : {};
    return { pid, processStart: start, ...keeper, exited: awaitExit(process) };
  } finally {
    if (output !== undefined) closeSync(output);
  }
}

async function awaitExit(
  ended: PromiseLike<{ readonly exitCode?: number; readonly signal?: NodeJS.Signals }>,
): Promise<ChildExit> {
  const { exitCode, signal } = await ended;
  return { code: exitCode ?? null, signal: signal ?? null, lastStderrLines: [] };
}

function openOutput(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, 'a');
  } catch (error) {
    throw new GatewayError('SPAWN_FAILED', `cannot open the output file ${file}`, {
      cause: error,
      facts: { file },
    });
  }
}

/** Loads what {@link spawnDetached} needs, so that the first process need not wait for it (65 ms). */
export async function prepareSpawning(): Promise<void> {
  await import('execa');
}
