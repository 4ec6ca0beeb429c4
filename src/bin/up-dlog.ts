import type { CallMarks, Clock, Freeing, Logger, RandomSource } from '../base/index.ts';
import type { StateStore } from '../coordination/index.ts';
import { DistributedLog, openStorage, type StorageSettings } from '../dlog/index.ts';
import { DlogProxy, type DlogProxyDeps } from '../dlog-proxy/index.ts';
import { DistributedLogService, ThriftServer } from '../rpc/index.ts';

export interface DlogService {
  readonly port: number;
  /** Answers in-flight calls for at most `limitMs`, settles all writes, and releases every stream. */
  end(limitMs: number): Promise<void>;
}

/** Twice the largest record, or a bulk write of that size. */
const frameBytesMax = 2 * 1024 * 1024;
/** Calls in flight per connection: enough for its writes to share syncs of the disk. */
const callsMax = 64;
/** Size of a page of records: `readBytesMax` of the proxy. */
const pageBytes = 512 * 1024;

export interface DlogDeps {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly calls?: CallMarks;
  /** Maximum number of streams that clients may create. */
  readonly streamsMax?: number;
}

/**
 * The distributed log of this gateway, in the storage that is configured. `close` closes the storage. Rejects
 * as openStorage does.
 */
export async function openDlog(
  deps: DlogDeps,
  settings: StorageSettings,
  signal: AbortSignal,
): Promise<{ readonly log: DistributedLog; readonly close: () => Promise<void> }> {
  const { clock, random, log } = deps;
  const { storage, close } = await openStorage(settings, { clock, random, log, signal });
  return { log: new DistributedLog({ ...deps, storage }), close };
}

/** Opens the log as a service. Throws as ThriftServer.open does. */
export async function openDlogService(
  deps: DlogDeps,
  options: {
    readonly dlog: DistributedLog;
    readonly bindHost: string;
    /** The host name under which other machines reach this one. */
    readonly dialHost: string;
    readonly port: number;
    readonly connections?: { readonly connectionsPerAddressMax: number; readonly heldBytesMax: number };
    readonly limits?: DlogProxyDeps['limits'];
    readonly freeing?: Freeing;
  },
): Promise<DlogService> {
  const { clock, log: logger } = deps;
  let port = options.port;
  const proxy = new DlogProxy({
    log: options.dlog,
    clock,
    logger,
    limits: options.limits ?? {},
    ...(options.freeing === undefined ? {} : { freeing: options.freeing }),
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
      ...options.connections,
      // Each reads all of a stream, or a large part of it.
      oneAtATime: ['check', 'repair', 'rebuild'],
      answerBytesExpected: { read: pageBytes, readEntries: pageBytes },
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
