import { describeError, errorCode, openLog, systemClock, systemRandom } from '../base/index.ts';
import { readSpec, runContainer, tcpNetwork } from '../container/index.ts';
import { openRedisStore } from '../coordination/index.ts';

/**
 * `container.js SPECFILE`: one container of a topology, started by the scheduler in a session of its own.
 * Exit codes: 0 orderly shutdown, 1 fault, 2 usage (no readable spec).
 */
const stopSoon = new AbortController();
const stopNow = new AbortController();

process.exitCode = await main(process.argv.slice(2));
// Handles that a fault left open must not keep the process alive.
process.exit();

async function main(args: readonly string[]): Promise<number> {
  const [specFile] = args;
  if (specFile === undefined || args.length > 1) return usage('expected one argument: the spec file');
  let spec: ReturnType<typeof readSpec>;
  try {
    spec = readSpec(specFile);
  } catch (error) {
    return usage(describeError(error));
  }
  const { topologyId, containerId, incarnation, logDir, redisUrl, redisKeyPrefix } = spec;
  process.title = `egret container ${topologyId}/${containerId}`;
  const log = openLog({ level: 'info', destination: `${logDir}/container.log` }).child({
    topologyId,
    containerId,
  });
  const crash = (event: string) => (error: unknown) => {
    log.error({ event, error });
    process.exit(1);
  };
  process.on('uncaughtException', crash('process.uncaught-exception'));
  process.on('unhandledRejection', crash('process.unhandled-rejection'));
  process.on('SIGHUP', () => undefined); // a container outlives the terminal of its gateway
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  const openStore = () =>
    openRedisStore({
      ...{ url: redisUrl, keyPrefix: redisKeyPrefix, clock: systemClock, random: systemRandom, log },
      signal: stopSoon.signal,
    });
  try {
    const signals = { stopSoon: stopSoon.signal, stopNow: stopNow.signal };
    const edges = { network: tcpNetwork, clock: systemClock, random: systemRandom, log, openStore };
    return await runContainer({ spec, specFile, ...edges, ...signals });
  } catch (error) {
    if (stopSoon.signal.aborted) return 0;
    log.error({ event: 'container.not-started', incarnation, code: errorCode(error), error });
    process.stderr.write(`container ${containerId} of ${topologyId}: ${describeError(error)}\n`);
    return 1;
  }
}

/** The first signal starts an orderly shutdown, the second an immediate one. */
function stop(): void {
  if (stopSoon.signal.aborted) stopNow.abort();
  else stopSoon.abort();
}

function usage(reason: string): number {
  process.stderr.write(`${reason}\nusage: container SPECFILE\n`);
  return 2;
}
