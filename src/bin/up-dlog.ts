import { join } from 'node:path';
import type { Clock, Logger, RandomSource } from '../base/index.ts';
import type { StateStore } from '../coordination/index.ts';
import { DistributedLog, LocalStorage } from '../dlog/index.ts';
import { DlogProxy } from '../dlog-proxy/index.ts';
import { DistributedLogService, ThriftServer } from '../rpc/index.ts';

export interface DlogService {
  readonly port: number;
  /** Answers what is under way, for at most `limitMs`, settles what was written, and gives every stream back. */
  end(limitMs: number): Promise<void>;
}

/** Twice the largest record, or a bulk of as much. */
const frameBytesMax = 2 * 1024 * 1024;
/** Of one connection: enough for its writes to share the disk's syncs. */
const callsMax = 64;

/** The distributed log of this gateway, in `<storm.local.dir>/dlog`, as a service. Throws as ThriftServer.open does. */
export async function openDlogService(
  deps: {
    readonly store: StateStore;
    readonly clock: Clock;
    readonly random: RandomSource;
    readonly log: Logger;
  },
  options: {
    readonly localDir: string;
    readonly bindHost: string;
    /** What others dial to reach this machine. */
    readonly dialHost: string;
    readonly port: number;
  },
): Promise<DlogService> {
  const { clock, random, log: logger } = deps;
  const storage = new LocalStorage({ directory: join(options.localDir, 'dlog'), random });
  const log = new DistributedLog({ ...deps, storage });
  let port = options.port;
  const proxy = new DlogProxy({ log, clock, logger, address: () => `${options.dialHost}:${port}` });
  try {
    const server = await ThriftServer.open(deps, {
      service: DistributedLogService,
      handler: proxy.handler,
      host: options.bindHost,
      port,
      portKey: 'egret.dlog.port',
      frameBytesMax,
      callsMax,
    });
    port = server.port;
    const end = async (limitMs: number): Promise<void> => {
      proxy.stop();
      await server.drain(limitMs);
      await proxy.close();
    };
    return { port, end };
  } catch (error) {
    await proxy.close();
    throw error;
  }
}
