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

export interface DlogDeps {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** The distributed log of this gateway, in `<storm.local.dir>/dlog`. Nothing is touched before it is used. */
export function openDlog(deps: DlogDeps, localDir: string): DistributedLog {
  const storage = new LocalStorage({ directory: join(localDir, 'dlog'), random: deps.random });
  return new DistributedLog({ ...deps, storage });
}

/** The log as a service. Throws as ThriftServer.open does. */
export async function openDlogService(
  deps: DlogDeps,
  options: {
    readonly dlog: DistributedLog;
    readonly bindHost: string;
    /** What others dial to reach this machine. */
    readonly dialHost: string;
    readonly port: number;
  },
): Promise<DlogService> {
  const { clock, log: logger } = deps;
  let port = options.port;
  const proxy = new DlogProxy({
    log: options.dlog,
    clock,
    logger,
    address: () => `${options.dialHost}:${port}`,
  });
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
