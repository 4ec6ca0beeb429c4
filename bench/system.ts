import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A system under measurement, up and ready for submissions on 127.0.0.1. */
export interface System {
  readonly name: 'storm' | 'egret';
  readonly nimbusPort: number;
  /**
   * Processes that do not name the scratch directory themselves; what they start belongs to the system too.
   */
  readonly roots: readonly number[];
  readonly stop: () => Promise<void>;
}

/** The gateway on embedded defaults, all state under `scratch`. */
export async function startEgret(
  scratch: string,
): Promise<System & { readonly readyMs: number; readonly dlogPort: number; readonly process: ChildProcess }> {
  const startedMs = performance.now();
  const gateway = spawn(
    join(root, 'bin', 'egret'),
    ['up', '-c', `storm.local.dir=${join(scratch, 'state')}`, '-c', 'nimbus.thrift.port=0'],
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] }, // it ends with the bench, however that ends
  );
  gateway.channel?.unref();
  const ready = await new Promise<string>((resolve, reject) => {
    gateway.once('exit', (code) => reject(new Error(`the gateway ended with ${code} before it was ready`)));
    createInterface({ input: gateway.stdout! }).on('line', (line) => {
      if (line.startsWith('egret ready')) resolve(line);
    });
  });
  const portOf = (service: string): number =>
    Number(new RegExp(`\\b${service}=(?:\\S*:)?(\\d+)`).exec(ready)?.[1]);
  const stop = async (): Promise<void> => {
    gateway.kill('SIGTERM');
    await new Promise((resolve) => gateway.once('exit', resolve));
  };
  return {
    name: 'egret',
    nimbusPort: portOf('nimbus'),
    dlogPort: portOf('dlog'),
    roots: [gateway.pid!],
    stop,
    readyMs: performance.now() - startedMs,
    process: gateway,
  };
}
