import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  describeError,
  errorCode,
  type GatewayError,
  type Logger,
  LoopWatch,
  MemoryReturn,
  Metrics,
  MetricsFile,
  memoryGiveBack,
  openLog,
  systemClock,
  systemRandom,
  throwIfAborted,
} from '../base/index.ts';
import { closeContainment, openContainment, processStart } from '../child/index.ts';
import {
  type CommandWorld,
  type Endpoints,
  javaCommand,
  removeEndpoints,
  writeEndpoints,
} from '../cli/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import { DiskReserve, openRedisStore, type StateStore, startPrivateRedis } from '../coordination/index.ts';
import { NimbusDaemon } from '../nimbus/index.ts';
import { Nimbus, ThriftServer } from '../rpc/index.ts';
import { type ContainerCommand, LocalScheduler } from '../scheduler/index.ts';
import { openDlog, openDlogService } from './up-dlog.ts';
import { lockLocalDir } from './up-lock.ts';

type Services = Endpoints['services'];

/** How long the gateway waits for in-flight calls when it shuts down. */
const drainMs = 5000;
/** The longest event-loop turn that is not reported, and when a turn counts as stuck. */
const loopLimits = { turnMsMax: 200, stuckMs: 5000 };
const metricsEveryMs = 15_000;

interface Ending {
  /** True: a running gateway shuts down. False: the start failed. */
  readonly isOpen: boolean;
  /** Another gateway took the directory: containers, state server and files now belong to it. */
  readonly isLost: boolean;
}

/** Undoes one step of opening. */
type Undo = (how: Ending) => Promise<void> | void;

/** The ways to stop a gateway. */
export interface StopSignals {
  /** Another gateway took the directory: aborts {@link soon} with that reason, a `STATE_CONFLICT`. */
  readonly lose: (reason: GatewayError) => void;
  /** Finish in-flight work and stop containers in order. */
  readonly soon: AbortSignal;
  /** Stop immediately. */
  readonly now: AbortSignal;
}

/**
 * The composition root of a gateway. It opens lock, state store, Nimbus service, log service and scheduler in
 * this order, and closes them in reverse. Its endpoints file exists while every service answers. A killed
 * gateway leaves containers and state server running, and the next one takes them over; a gateway that is
 * closed stops them.
 */
export class Gateway implements AsyncDisposable {
  readonly log: Logger;
  readonly services: Services;
  readonly #undo: readonly Undo[];
  readonly #stop: StopSignals;
  #closing: Promise<void> | undefined;

  private constructor(
    log: Logger,
    services: Services,
    { undo, stop }: { readonly undo: readonly Undo[]; readonly stop: StopSignals },
  ) {
    this.log = log;
    this.services = services;
    this.#undo = undo;
    this.#stop = stop;
  }

  /**
   * Throws an error that names the key or path: `STATE_CONFLICT` (another gateway uses this directory),
   * `CONFIG_INVALID`, `STATE_UNAVAILABLE`, `PORT_IN_USE`. It then stops everything that it started, but not
   * what it took over.
   */
  static async open(world: CommandWorld, config: GatewayConfig, stop: StopSignals): Promise<Gateway> {
    const undo: Undo[] = [];
    try {
      const lock = lockLocalDir(config.localDir);
      undo.push(() => lock[Symbol.dispose]());
      const logFile = join(config.localDir, 'logs', 'gateway.log');
      const log = openLog({ level: config.logLevel, destination: logFile, isPrivate: true });
      for (const deprecated of config.deprecatedKeys)
        log.warn({ event: 'config.key-deprecated', ...deprecated });
      lock.keep({ clock: systemClock, log }, stop.lose);
      const metrics = await Metrics.open();
      metrics.collectProcess();
      const calls = new LoopWatch({ clock: systemClock, log, metrics, logFile, ...loopLimits });
      undo.push(() => calls[Symbol.asyncDispose]());
      const giveBack = memoryGiveBack(join(config.checkoutDir, 'build', 'native', 'egret-trim.node'));
      const memory = new MemoryReturn({ clock: systemClock, giveBack });
      undo.push(() => memory[Symbol.dispose]());
      const services = await openServices({ world, config, log, calls, stop, undo });
      const file = join(config.localDir, 'metrics', 'gateway.prom');
      const written = new MetricsFile(metrics, { file, everyMs: metricsEveryMs, clock: systemClock, log });
      undo.push(() => written[Symbol.asyncDispose]());
      await written.write();
      return new Gateway(log, services, { undo, stop });
    } catch (error) {
      await undoAll(undo, { isOpen: false, isLost: isLost(stop), failed: () => undefined });
      throw error;
    }
  }

  close(): Promise<void> {
    const failed = (error: unknown): void =>
      this.log.error({ event: 'gateway.close.failed', error: describeError(error) });
    this.#closing ??= undoAll(this.#undo, { isOpen: true, isLost: isLost(this.#stop), failed });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface Opening {
  readonly world: CommandWorld;
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly calls: LoopWatch;
  readonly stop: StopSignals;
  readonly undo: Undo[];
}

async function openServices(opening: Opening): Promise<Services> {
  const { config, log, calls, stop, undo } = opening;
  const state = await openStore(opening);
  const deps = { clock: systemClock, random: systemRandom, log, calls, store: state.store };
  const reserve = await DiskReserve.open({ ...deps, dir: join(config.localDir, 'reserve') });
  undo.push(() => reserve.close());
  const { freeing } = reserve;
  const { log: streams, close: closeStreams } = await openDlog(
    { ...deps, streamsMax: config.dlogStreamsMax },
    config.dlogStorage,
    stop.soon,
  );
  undo.push(closeStreams);
  throwIfAborted(stop.soon);
  const nimbus = await NimbusDaemon.open(
    { ...deps, logStreams: streams, freeing },
    {
      config: config.nimbus,
      clusterConf: config.conf,
      localDir: config.localDir,
      hostname: config.hostname,
      owner: userInfo().username,
    },
  );
  undo.push(() => nimbus.close());
  throwIfAborted(stop.soon);
  const server = await ThriftServer.open(deps, {
    service: Nimbus,
    handler: nimbus.handler,
    host: config.bindHost,
    port: config.nimbus.port,
    portKey: 'nimbus.thrift.port',
    frameBytesMax: config.nimbus.frameBytesMax,
    // A decoded topology takes up to thirty times its frame. Storm's Nimbus also submits one at a time.
    oneAtATime: ['submitTopology', 'submitTopologyWithOpts'],
    ...config.connections,
  });
  // Bind the port before starting containers: a gateway without its port must not touch them.
  undo.push(() => server.drain(stop.now.aborted ? 0 : drainMs));
  throwIfAborted(stop.soon);
  const host = dialHost(config.bindHost);
  const dlog = await openDlogService(deps, {
    ...{ dlog: streams, bindHost: config.bindHost, port: config.dlogPort, freeing },
    connections: config.connections,
    limits: { proxySoft: config.dlogSoft, streamSoft: config.dlogStreamSoft },
    // Writers on other machines are redirected to this machine's own name.
    dialHost: host === config.bindHost ? host : (config.hostname ?? hostname()),
  });
  undo.push(() => dlog.end(stop.now.aborted ? 0 : drainMs));
  throwIfAborted(stop.soon);
  await openScheduler(opening, state);
  const services = { nimbus: { host, port: server.port }, dlog: { host, port: dlog.port } };
  writeEndpoints(config.localDir, {
    pid: process.pid,
    processStart: processStart(process.pid)!,
    services,
  });
  undo.push((how) => (how.isLost ? undefined : removeEndpoints(config.localDir)));
  return services;
}

interface OpenedStore {
  readonly store: StateStore;
  /** The address that containers use. */
  readonly redisUrl: string;
}

async function openStore({ config, log, stop, undo }: Opening): Promise<OpenedStore> {
  let redisUrl = config.redis.url;
  const edges = { clock: systemClock, random: systemRandom, log, signal: stop.soon };
  if (redisUrl === undefined) {
    const redis = await startPrivateRedis({
      dir: join(config.localDir, 'redis'),
      command: config.redis.serverCommand,
      healthLimits: {
        silentMsMax: config.health.redisSilentMsMax,
        stoppedMsMax: config.health.stoppedMsMax,
      },
      ...edges,
    });
    // Containers of a killed gateway still need the server that was taken over.
    undo.push((how) => (!how.isLost && (how.isOpen || !redis.isAdopted) ? redis.close() : redis.leave()));
    redisUrl = redis.url;
  }
  const store = await openRedisStore({ url: redisUrl, keyPrefix: config.redis.keyPrefix, ...edges });
  undo.push(() => store.close());
  return { store, redisUrl };
}

async function openScheduler(
  { world, config, log, stop, undo }: Opening,
  { store, redisUrl }: OpenedStore,
): Promise<void> {
  const built = join(config.checkoutDir, 'build', 'java');
  const containment = await openContainment({
    ...{ wish: config.containment, localDir: config.localDir, log },
    helper: join(config.checkoutDir, 'build', 'native', 'egret-contain'),
  });
  undo.push(() => closeContainment(containment));
  const scheduler = await LocalScheduler.open({
    ...{ store, clock: systemClock, random: systemRandom, log },
    stormLocalDir: config.localDir,
    artifactsDir: config.artifactsDir,
    artifacts: config.artifacts,
    hostname: config.hostname ?? hostname(),
    slotPorts: config.slotPorts,
    containerCommand: containerCommand(),
    containment,
    redisUrl,
    redisKeyPrefix: config.redis.keyPrefix,
    healthLimits: {
      silentMsMax: config.health.containerSilentMsMax,
      stoppedMsMax: config.health.stoppedMsMax,
    },
    jvm: {
      java: config.javaCommand ?? javaCommand(world.env),
      classPath: [
        join(built, 'egret-jvm-host.jar'),
        join(built, 'egret-shell.jar'), // ahead of Storm, whose shell components it replaces
        join(built, 'lib-worker', '*'),
      ],
    },
  });
  undo.push(async (how) => {
    if (!how.isLost) await scheduler.drain({ stopNow: stop.now });
    await scheduler.close();
  });
}

/** Runs containers in the same form as this process: built, or from the sources. */
function containerCommand(): ContainerCommand {
  const isSource = import.meta.url.endsWith('.ts');
  const main = fileURLToPath(new URL(isSource ? 'container.ts' : 'container.js', import.meta.url));
  const loader = isSource ? [`--import=${import.meta.resolve('tsx')}`] : [];
  return { command: process.execPath, args: [...loader, main] };
}

/** The host that a client on this machine dials to reach a server that listens on `bindHost`. */
function dialHost(bindHost: string): string {
  if (bindHost === '0.0.0.0') return '127.0.0.1';
  return bindHost === '::' ? '::1' : bindHost;
}

/** Whether the gateway stops because another one took its directory. */
export function isLost(stop: StopSignals): boolean {
  return errorCode(stop.soon.reason) === 'STATE_CONFLICT';
}

/** Closes in reverse order. A step that fails does not prevent the others. */
async function undoAll(
  undo: readonly Undo[],
  how: Ending & { readonly failed: (error: unknown) => void },
): Promise<void> {
  for (const step of undo.toReversed()) {
    try {
      await step(how);
    } catch (error) {
      how.failed(error);
    }
  }
}
