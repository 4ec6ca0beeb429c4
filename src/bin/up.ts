import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, GatewayError, type Logger, systemClock } from '../base/index.ts';
import { type CommandWorld, type CommonFlags, failureLine, javaCommand } from '../cli/index.ts';
import { type GatewayConfig, loadGatewayConfig } from '../config/index.ts';
import { Gateway, isLost, type StopSignals } from './up-gateway.ts';
import { findPrerequisites, prerequisiteLines } from './up-prerequisites.ts';

/** Time from the second signal to a forced exit. */
const cutOffMs = 1000;

/**
 * `egret up`: runs a gateway in the foreground until SIGTERM or SIGINT, which start an orderly shutdown; a
 * second signal ends it immediately. Returns the exit code; one line on standard error says why it is 1. The
 * gateway's own log is `<storm.local.dir>/logs/gateway.log`.
 */
export async function runGateway(world: CommandWorld, flags: CommonFlags): Promise<number> {
  process.title = 'egret up';
  forgetOwnMallocSettings();
  const stop = stopSignals();
  try {
    const config = await loadGatewayConfig({
      checkoutDir: world.checkoutDir,
      stateDir: world.stateDir,
      file: flags.config ?? stormYaml(world),
      flags: flags.c ?? [],
    });
    for (const { key, successor } of config.deprecatedKeys) {
      world.err(`${key} is deprecated: use ${successor}\n`);
    }
    await using gateway = await Gateway.open(world, config, stop);
    const log = gateway.log;
    reportCrashes(world, log);
    const services = Object.entries(gateway.services).map(([name, { port }]) => `${name}=${port}`);
    world.out(`egret ready ${services.join(' ')}\n`);
    log.info({ event: 'gateway.ready', services: gateway.services });
    void reportMissing({ world, config, log, ending: stop.soon });
    await aborted(stop.soon);
    log.info({ event: 'gateway.draining', reason: describeError(stop.soon.reason) });
  } catch (error) {
    if (!stop.soon.aborted) {
      world.err(failureLine(error));
      return 1;
    }
  }
  if (!isLost(stop)) return 0;
  world.err(failureLine(stop.soon.reason));
  return 1;
}

/** Prints and logs a line for each thing that only some topologies need and this machine lacks. */
async function reportMissing(options: {
  readonly world: CommandWorld;
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly ending: AbortSignal;
}): Promise<void> {
  const { world, config, log, ending } = options;
  const found = await findPrerequisites({
    java: config.javaCommand ?? javaCommand(world.env),
    signal: ending,
    nativeParts: ['egret-contain', 'egret-trim.node'].map((name) =>
      join(config.checkoutDir, 'build', 'native', name),
    ),
  });
  if (ending.aborted) return;
  for (const line of prerequisiteLines(found)) {
    world.err(`${line}\n`);
    log.warn({ event: 'gateway.prerequisite-missing', reason: line });
  }
}

/**
 * Removes the settings that bin/egret made for this process only; glibc has read them. The user's own pass to
 * children.
 */
function forgetOwnMallocSettings(): void {
  if (process.env['EGRET_OWN_MALLOC'] === undefined) return;
  delete process.env['MALLOC_ARENA_MAX'];
  delete process.env['MALLOC_MMAP_THRESHOLD_'];
  delete process.env['MALLOC_TRIM_THRESHOLD_'];
  delete process.env['EGRET_OWN_MALLOC'];
}

/**
 * The first signal starts an orderly shutdown, the second an immediate one, with a forced exit soon after. A
 * parent that keeps a Node channel open to the gateway (stdio `ipc`) starts an orderly shutdown by exiting.
 */
function stopSignals(): StopSignals {
  const soon = new AbortController();
  const now = new AbortController();
  const onSignal = (name: string): void => {
    const reason = new GatewayError('ABORTED', `the gateway was asked to shut down by ${name}`);
    if (now.signal.aborted) process.exit(1);
    if (!soon.signal.aborted) {
      soon.abort(reason);
      return;
    }
    now.abort(reason);
    systemClock.after(cutOffMs, () => process.exit(1));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.once('disconnect', () => onSignal('the end of its starter'));
  return { soon: soon.signal, now: now.signal, lose: (reason) => soon.abort(reason) };
}

function aborted(signal: AbortSignal): Promise<void> {
  // Keeps the process alive: signal handlers do not, and sockets and timers may be unreferenced.
  const alive = setInterval(() => undefined, 0x7fff_ffff);
  return new Promise((resolve) => {
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** A broken invariant ends the process. The next gateway takes over the running containers. */
function reportCrashes(world: CommandWorld, log: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error({ event: 'gateway.crashed', error });
      world.err(`the gateway ends because of an internal fault: ${describeError(error)}\n`);
      process.exit(1);
    });
  }
}

/** The file that Storm's daemons read: `$STORM_CONF_DIR/storm.yaml`, if it exists. */
function stormYaml(world: CommandWorld): string | undefined {
  const dir = world.env['STORM_CONF_DIR'];
  if (dir === undefined || dir === '') return undefined;
  const path = join(dir, 'storm.yaml');
  return existsSync(path) ? path : undefined;
}
