import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertNothingLeft, gatewayLog } from '../bad-luck.ts';
import { startGateway } from '../target.ts';

export interface Ports {
  readonly nimbus: number;
  readonly dlog: number;
}

/** What a gateway holds at one moment. */
export interface Gauge {
  readonly residentMebibytes: number;
  readonly descriptors: number;
}

/** A gateway for an attack, on a directory of its own, and what can be seen of it from outside. */
export class AttackedGateway {
  readonly dir: string;
  readonly ports: Ports;
  readonly #process: ChildProcess;
  #exit: number | string | undefined;

  private constructor(dir: string, process: ChildProcess, ports: Ports) {
    this.dir = dir;
    this.ports = ports;
    this.#process = process;
    process.once('exit', (code, signal) => {
      this.#exit = code ?? signal ?? 'unknown';
    });
  }

  static async start(): Promise<AttackedGateway> {
    const dir = mkdtempSync(join(tmpdir(), 'egret-attack-'));
    const { gateway, port, readyLine } = await startGateway(join(dir, 'local'), []);
    const dlog = Number(/dlog=(\d+)/.exec(readyLine)?.[1]);
    return new AttackedGateway(dir, gateway, { nimbus: port, dlog });
  }

  get localDir(): string {
    return join(this.dir, 'local');
  }

  /** Code or signal of a gateway that has ended, which none should. */
  get ended(): number | string | undefined {
    return this.#exit;
  }

  gauge(): Gauge {
    const { pid } = this.#process;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return {
      residentMebibytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  }

  /** With what has been rotated away. */
  logBytes(): number {
    const dir = join(this.localDir, 'logs');
    return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
  }

  logLines(): ReturnType<typeof gatewayLog> {
    return gatewayLog(this.localDir);
  }

  /** Ends it in order and removes its directory unless `keeps`; answers what was wrong with that. */
  async end(keeps: boolean): Promise<string[]> {
    const troubles: string[] = [];
    if (this.#exit !== undefined) troubles.push(`the gateway had ended with ${this.#exit}`);
    else {
      const exited = new Promise<number | null>((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGTERM');
      const code = await exited;
      if (code !== 0) troubles.push(`the gateway ended with ${code} on SIGTERM`);
      try {
        assertNothingLeft(this.localDir);
      } catch (error) {
        troubles.push(`left behind: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (!keeps && troubles.length === 0) rmSync(this.dir, { recursive: true, force: true });
    return troubles;
  }
}
