import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { OwnerSpec } from './owner.ts';

const program = fileURLToPath(new URL('owner.ts', import.meta.url));
const noRedis = 3;
const restartPauseMs = 200;
const endLimitMs = 20_000;

/**
 * A place for owners: one process after the other, started again whenever it has ended, until the place is
 * closed.
 */
export class OwnerProcess {
  readonly name: string;
  /** Where the one of the moment listens. */
  port: number | undefined;
  lives = 0;
  readonly #spec: Omit<OwnerSpec, 'logFile'>;
  readonly #logDir: string;
  readonly #trouble: (what: string) => void;
  #child: ChildProcess | undefined;
  #awayUntilMs = 0;
  #isExpected = false;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(
    name: string,
    options: {
      readonly spec: Omit<OwnerSpec, 'logFile'>;
      readonly logDir: string;
      readonly trouble: (what: string) => void;
    },
  ) {
    this.name = name;
    this.#spec = options.spec;
    this.#logDir = options.logDir;
    this.#trouble = options.trouble;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  open(): void {
    this.#running = this.#keepRunning();
  }

  /** Ends the process by a signal and keeps the place empty for so long. False when there is none. */
  end(signal: 'SIGKILL' | 'SIGTERM', awayMs: number): boolean {
    if (this.#child === undefined) return false;
    this.#awayUntilMs = Date.now() + awayMs;
    this.#isExpected = true;
    this.port = undefined;
    return this.#child.kill(signal);
  }

  /** No other is started. Answers when the last has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.end('SIGTERM', 0);
    const impatient = setTimeout(() => {
      this.#trouble(`${this.name} does not end on SIGTERM within ${endLimitMs / 1000} s`);
      this.#child?.kill('SIGKILL');
    }, endLimitMs);
    await this.#running;
    clearTimeout(impatient);
  }

  async #keepRunning(): Promise<void> {
    for (;;) {
      await sleep(Math.max(0, this.#awayUntilMs - Date.now()));
      if (this.#isClosed) return;
      this.#isExpected = false;
      const how = await this.#live();
      if (how !== noRedis && !this.#expects(how)) this.#trouble(`${this.name} ended by itself with ${how}`);
      if (how === noRedis) await sleep(restartPauseMs);
    }
  }

  /** One that does not listen yet has no way of its own to end. */
  #expects(how: number | string | null): boolean {
    return this.#isExpected && (how === 'SIGKILL' || how === 'SIGTERM' || how === 0);
  }

  /** One process from start to end; answers its exit code or signal. */
  #live(): Promise<number | string | null> {
    this.lives++;
    const life = join(this.#logDir, `${this.name}-${this.lives}`);
    const errors = openSync(`${life}.err`, 'w');
    const spec = { ...this.#spec, logFile: `${life}.log` } satisfies OwnerSpec;
    const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(spec)], {
      stdio: ['pipe', 'pipe', errors],
    });
    closeSync(errors);
    this.#child = child;
    createInterface({ input: child.stdout! }).once('line', (line) => {
      this.port = Number(line);
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#child = undefined;
        this.port = undefined;
        resolve(signal ?? code);
      });
    });
  }
}
