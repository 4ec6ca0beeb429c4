import { type ChildProcess, spawn } from 'node:child_process';
import { systemClock, waitFor } from '../base/index.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as its users start it, from the sources. */
export class EgretCommand {
  readonly process: ChildProcess;
  /** Standard output as it came. */
  readonly bytes: Buffer[] = [];
  out = '';
  err = '';
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], input: 'ignore' | 'pipe' = 'ignore') {
    const main = new URL('../bin/egret.ts', import.meta.url).pathname;
    this.process = spawn(process.execPath, ['--import=tsx', main, ...args], {
      stdio: [input, 'pipe', 'pipe'],
      env: { ...process.env, STORM_CONF_DIR: undefined },
    });
    this.process.stdout!.on('data', (bytes: Buffer) => {
      this.bytes.push(bytes);
      this.out += bytes.toString();
    });
    this.process.stderr!.on('data', (bytes: Buffer) => {
      this.err += bytes.toString();
    });
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code) => resolve({ code, out: this.out, err: this.err }));
    });
  }

  /** The ports of the ready line. */
  async ready(): Promise<Map<string, number>> {
    const line = await waitFor(
      'the ready line',
      () => {
        if (this.process.exitCode !== null)
          throw new Error(`it ended with ${this.process.exitCode}: ${this.err}`);
        return /^egret ready (.*)$/m.exec(this.out)?.[1];
      },
      { clock: systemClock, limitMs: 30_000 },
    );
    return new Map(line.split(' ').map((pair) => [pair.split('=')[0]!, Number(pair.split('=')[1])]));
  }
}
