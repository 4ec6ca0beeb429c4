import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Clock,
  GatewayError,
  inheritedEnvironment,
  type JsonValue,
  type Logger,
} from '../../../base/index.ts';
import { type Child, type ChildExit, type Containment, spawnChild } from '../../../child/index.ts';
import { MessageFramer } from './framing.ts';

export interface ShellCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface ShellChildOptions {
  readonly name: string;
  readonly command: ShellCommand;
  readonly messageBytesMax: number;
  /**
   * Bytes that may wait for the child to read. Without this bound, it could make us hold ever more task ids.
   */
  readonly stdinBytesMax: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where `spawnChild` records the process. */
  readonly recordDir: string;
  /** How what it starts is kept with it, as `spawnChild` has it. */
  readonly containment: Containment | undefined;
  /** Where the child leaves its own file (`pidDir` of the handshake). */
  readonly pidDir: string;
  readonly onStderrLine: (line: string) => void;
  /** One message, as text. What it throws ends the child, with that as the reason. */
  readonly onMessage: (text: string) => void;
  /** All messages of one read have been passed on. */
  readonly onBatchEnd: () => void;
  /** What was written has left for the child: there may be room for more. */
  readonly onDrain: () => void;
}

export interface ShellChildEnd {
  readonly exit: ChildExit;
  /** Why we ended it; undefined when it ended by itself. */
  readonly fault: Error | undefined;
  /** The beginning of a message that it did not finish. */
  readonly unfinished: string;
}

/** How long a child may live on after it has closed its standard output. */
const silentLifeMs = 1000;

/** The process of one shell task: messages in, text out, one end. */
export class ShellChild {
  /** Resolves when the process is gone, with all it started; never rejects. */
  readonly ended: Promise<ShellChildEnd>;
  readonly #child: Child;
  readonly #options: ShellChildOptions;
  readonly #framer: MessageFramer;
  #fault: Error | undefined;
  #timer: Disposable | undefined;

  /** Rejects with `SPAWN_FAILED`, or the signal's reason. */
  static async start(options: ShellChildOptions, signal: AbortSignal): Promise<ShellChild> {
    const child = await spawnChild({
      name: options.name,
      ...options.command,
      clock: options.clock,
      log: options.log,
      onStderrLine: options.onStderrLine,
      pidDir: options.recordDir,
      containment: options.containment,
      signal,
    });
    return new ShellChild(child, options);
  }

  private constructor(child: Child, options: ShellChildOptions) {
    this.#child = child;
    this.#options = options;
    this.#framer = new MessageFramer(options);
    child.stdout.on('data', (bytes: Buffer) => this.#feed(bytes));
    child.stdout.once('end', () => this.#awaitSilentEnd());
    child.stdin.on('drain', () => options.onDrain());
    this.ended = child.exited.then((exit) => this.#finish(exit));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** True while the pipe holds back what was written: the child reads slower than we write. */
  get isBackedUp(): boolean {
    return this.#child.stdin.writableNeedDrain;
  }

  write(text: string): void {
    const { stdin } = this.#child;
    if (this.#fault !== undefined || !stdin.writable) return;
    stdin.write(text);
    const { stdinBytesMax } = this.#options;
    if (stdin.writableLength <= stdinBytesMax) return;
    this.fail(
      new GatewayError(
        'CHILD_STUCK',
        `does not read its standard input: ${stdin.writableLength} bytes wait, at most ${stdinBytesMax} are held ` +
          '(egret.shell.stdin.max.bytes)',
      ),
    );
  }

  /** Pauses or resumes reading what the child writes. A paused child blocks once the pipe is full. */
  setPaused(isPaused: boolean): void {
    if (isPaused) this.#child.stdout.pause();
    else this.#child.stdout.resume();
  }

  /** Ends the child for a fault: at once, with all it started. The first fault is the one that counts. */
  fail(fault: Error): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    void this.#child.end(0);
  }

  /** Ends the child in order: end of input and SIGTERM, after `graceMs` SIGKILL. */
  async end(graceMs: number): Promise<void> {
    this.#child.stdin.end();
    await this.#child.end(graceMs);
    await this.ended;
  }

  #feed(bytes: Buffer): void {
    if (this.#fault !== undefined) return;
    try {
      this.#framer.feed(bytes);
      this.#options.onBatchEnd();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #awaitSilentEnd(): void {
    if (this.#child.exit !== undefined) return;
    this.#timer = this.#options.clock.after(silentLifeMs, () =>
      this.fail(new GatewayError('CHILD_SPOKE_NONSENSE', 'closed its standard output but kept running')),
    );
  }

  #finish(exit: ChildExit): ShellChildEnd {
    this.#timer?.[Symbol.dispose]();
    rmSync(join(this.#options.pidDir, String(this.pid)), { force: true });
    return { exit, fault: this.#fault, unfinished: this.#framer.unfinished };
  }
}

/**
 * How a shell component is started (storm-client 2.8, ShellBolt and ShellSpout of a ShellComponent,
 * ShellProcess): the command and the script are one argument each, whatever spaces they hold; it runs in the
 * resources of the topology's code with the environment of a worker.
 */
export function shellCommand(options: {
  readonly executionCommand: string;
  readonly script: string;
  readonly codeDir: string;
  readonly environment: JsonValue | undefined;
}): ShellCommand {
  const cwd = join(options.codeDir, 'resources');
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch === 'arm64' ? 'aarch64' : process.arch;
  const inherited = inheritedEnvironment()['LD_LIBRARY_PATH'];
  const libraries = [
    join(cwd, `Linux-${architecture}`),
    cwd,
    ...(inherited === undefined ? [] : [inherited]),
  ];
  return {
    command: options.executionCommand,
    args: [options.script],
    cwd,
    env: { LD_LIBRARY_PATH: libraries.join(':'), ...textEntries(options.environment) },
  };
}

/** `topology.environment`: names and values, whatever type a client gave the values. */
function textEntries(environment: JsonValue | undefined): Record<string, string> {
  if (typeof environment !== 'object' || environment === null) return {};
  return Object.fromEntries(
    Object.entries(environment).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
