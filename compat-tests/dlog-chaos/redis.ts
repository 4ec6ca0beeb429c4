import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const answerLimitMs = 10_000;

/** A redis-server on a unix socket, with an append-only file, that bad things happen to. */
export class Redis {
  readonly socket: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;
  /** As the files were at some time. */
  readonly #old: string;

  constructor(directory: string) {
    this.#directory = join(directory, 'redis');
    this.#old = join(directory, 'redis-old');
    this.socket = join(directory, 'redis.sock');
    mkdirSync(this.#directory, { recursive: true });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const options = ['--port', '0', '--unixsocket', this.socket, '--dir', this.#directory];
    const child = spawn('redis-server', [...options, '--appendonly', 'yes', '--save', ''], {
      stdio: 'ignore',
    });
    this.#child = child;
    child.once('close', () => {
      if (this.#child === child) this.#child = undefined;
    });
    const limitMs = Date.now() + answerLimitMs;
    while ((await this.#ask('PING').catch(() => '')) !== 'PONG') {
      if (Date.now() > limitMs) throw new Error('redis-server does not answer');
      await sleep(20);
    }
    if (!existsSync(this.#old)) this.remember();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    rmSync(this.socket, { force: true });
  }

  flush(): Promise<string> {
    return this.#ask('FLUSHALL');
  }

  /** What {@link setBack} goes back to. */
  remember(): void {
    rmSync(this.#old, { recursive: true, force: true });
    cpSync(this.#directory, this.#old, { recursive: true });
  }

  /** Only while it does not run. */
  setBack(): void {
    rmSync(this.#directory, { recursive: true, force: true });
    cpSync(this.#old, this.#directory, { recursive: true });
  }

  async #ask(command: string): Promise<string> {
    // one that is stopped answers later, or another time
    return (
      await execute('redis-cli', ['-s', this.socket, command], { timeout: answerLimitMs })
    ).stdout.trim();
  }
}
