import { userInfo } from 'node:os';
import { join } from 'node:path';
import {
  describeError,
  type Logger,
  openLog,
  systemClock,
  systemRandom,
  throwIfAborted,
} from '../base/index.ts';
import { processStart } from '../child/index.ts';
import { type CommandWorld, type Endpoints, removeEndpoints, writeEndpoints } from '../cli/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import { openRedisStore, type StateStore, startPrivateRedis } from '../coordination/index.ts';
import { NimbusDaemon } from '../nimbus/index.ts';
import { Nimbus, ThriftServer } from '../rpc/index.ts';
import { lockLocalDir } from './up-lock.ts';

type Services = Endpoints['services'];

/** How long calls under way may take to be answered when the gateway ends. */
const drainMs = 5000;

/** Undoes one step of opening. */
type Undo = () => Promise<void> | void;

/**
 * The composition root of a gateway: lock, state store, scheduler, Nimbus service, in this order; closed the other way round.
 * Its endpoints file is there while every service answers.
 */
export class Gateway implements AsyncDisposable {
  readonly log: Logger;
  readonly services: Services;
  readonly #undo: readonly Undo[];
  #closing: Promise<void> | undefined;

  private constructor(log: Logger, services: Services, undo: readonly Undo[]) {
    this.log = log;
    this.services = services;
    this.#undo = undo;
  }

  /**
   * Throws what keeps it from running, naming key or path: `STATE_CONFLICT` (another gateway on this directory),
   * `CONFIG_INVALID`, `STATE_UNAVAILABLE`, `PORT_IN_USE`. Nothing stays open then.
   */
  static async open(world: CommandWorld, config: GatewayConfig, signal: AbortSignal): Promise<Gateway> {
    const undo: Undo[] = [];
    try {
      const lock = lockLocalDir(config.localDir);
      undo.push(() => lock[Symbol.dispose]());
      const log = openLog({
        level: config.logLevel,
        destination: join(config.localDir, 'logs', 'gateway.log'),
      });
      const services = await openServices(world, config, { log, signal, undo });
      return new Gateway(log, services, undo);
    } catch (error) {
      await undoAll(undo, () => undefined);
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= undoAll(this.#undo, (error) =>
      this.log.error({ event: 'gateway.close.failed', error: describeError(error) }),
    );
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface Opening {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly undo: Undo[];
}

async function openServices(
  _world: CommandWorld,
  config: GatewayConfig,
  { log, signal, undo }: Opening,
): Promise<Services> {
  const { store } = await openStore(config, { log, signal, undo });
  const deps = { clock: systemClock, random: systemRandom, log, store };
  const nimbus = await NimbusDaemon.open(deps, {
    config: config.nimbus,
    clusterConf: config.conf,
    localDir: config.localDir,
    hostname: config.hostname,
    owner: userInfo().username,
  });
  undo.push(() => nimbus.close());
  throwIfAborted(signal);
  const server = await ThriftServer.open(deps, {
    service: Nimbus,
    handler: nimbus.handler,
    host: config.bindHost,
    port: config.nimbus.port,
    portKey: 'nimbus.thrift.port',
    frameBytesMax: config.nimbus.frameBytesMax,
  });
  undo.push(() => server.drain(drainMs));
  const services = { nimbus: { host: dialHost(config.bindHost), port: server.port } };
  writeEndpoints(config.localDir, {
    pid: process.pid,
    processStart: processStart(process.pid)!,
    services,
  });
  undo.push(() => removeEndpoints(config.localDir));
  return services;
}

interface OpenedStore {
  readonly store: StateStore;
  /** For the containers. */
  readonly redisUrl: string;
}

async function openStore(config: GatewayConfig, { log, signal, undo }: Opening): Promise<OpenedStore> {
  let redisUrl = config.redis.url;
  if (redisUrl === undefined) {
    const redis = await startPrivateRedis({
      dir: join(config.localDir, 'redis'),
      command: config.redis.serverCommand,
      clock: systemClock,
      random: systemRandom,
      log,
      signal,
    });
    undo.push(() => redis.close());
    redisUrl = redis.url;
  }
  const store = await openRedisStore({
    url: redisUrl,
    keyPrefix: config.redis.keyPrefix,
    clock: systemClock,
    random: systemRandom,
    log,
    signal,
  });
  undo.push(() => store.close());
  return { store, redisUrl };
}

/** What a command on this machine dials to reach a server that listens on `bindHost`. */
function dialHost(bindHost: string): string {
  if (bindHost === '0.0.0.0') return '127.0.0.1';
  return bindHost === '::' ? '::1' : bindHost;
}

/** Last opened, first closed; a step that fails does not keep the others from being closed. */
async function undoAll(undo: readonly Undo[], failed: (error: unknown) => void): Promise<void> {
  for (const step of undo.toReversed()) {
    try {
      await step();
    } catch (error) {
      failed(error);
    }
  }
}
