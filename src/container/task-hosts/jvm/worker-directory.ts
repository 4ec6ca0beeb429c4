import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../../base/index.ts';

/**
 * The directory a worker runs in, as a Storm supervisor makes it: `<storm.local.dir>/workers/<worker id>`
 * with pids/, heartbeats/, tmp/, and links to the topology's resources and to the worker's logs. Gone when
 * the worker is.
 */
export class WorkerDirectory {
  readonly path: string;

  constructor(stormLocalDir: string, workerId: string) {
    this.path = join(stormLocalDir, 'workers', workerId);
  }

  /**
   * Creates the directory, after removing what a killed worker of the same id left. Throws `SPAWN_FAILED`
   * naming the directory.
   */
  make(links: { readonly resources: string; readonly artifacts: string }): void {
    try {
      this.remove();
      for (const name of ['pids', 'heartbeats', 'tmp']) mkdirSync(join(this.path, name), { recursive: true });
      mkdirSync(links.artifacts, { recursive: true });
      symlinkSync(links.resources, join(this.path, 'resources'));
      symlinkSync(links.artifacts, join(this.path, 'artifacts'));
    } catch (cause) {
      throw new GatewayError('SPAWN_FAILED', `cannot make the worker's directory ${this.path}`, {
        cause,
        facts: { path: this.path },
      });
    }
  }

  /** Idempotent. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
