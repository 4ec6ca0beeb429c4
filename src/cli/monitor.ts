import type { ExecutorSummary, NimbusMethods, ThriftClient, TopologyInfo } from '../rpc/index.ts';
import type { CommandWorld } from './commands.ts';
import { visible } from './visible.ts';

export interface MonitorOptions {
  readonly topology: string;
  readonly component: string | undefined;
  readonly stream: string;
  readonly watch: 'emitted' | 'transferred';
  readonly intervalMs: number;
  /** One JSON object per line instead of Storm's table. */
  readonly asJson: boolean;
}

export interface MonitorTime {
  readonly nowMs: () => number;
  /** Resolves after the time; rejects when the command is stopped. */
  readonly sleep: (ms: number) => Promise<void>;
}

interface Count {
  readonly executors: number;
  readonly total: bigint;
}

/**
 * Storm's Monitor (2.8), until `time` rejects. Prints one line every interval, with the number of tuples that
 * a component emitted or transferred on a stream since the previous line. The first line counts from the
 * start of the topology, with a throughput of 0. Without a component it lists the components, as JSON with
 * totals, latencies and restarts. Fails with Storm's message for a component or stream that does not exist.
 */
export async function monitorTopology(
  world: CommandWorld,
  { call }: ThriftClient<NimbusMethods>,
  options: MonitorOptions,
  time: MonitorTime,
): Promise<number> {
  const read = async (): Promise<TopologyInfo> =>
    call.getTopologyInfoByNameWithOpts({ name: options.topology, options: { num_err_choice: 'NONE' } });
  if (options.component === undefined) {
    if (options.asJson) {
      const { componentSums } = await import('./component-sums.ts');
      world.out(`${JSON.stringify(await componentSums(call, options.topology), null, 2)}\n`);
      return 0;
    }
    world.out(`${componentList(options.topology, await read())}Please use -m to specify one component\n`);
    return 0;
  }
  if (!options.asJson) world.out(`${header(options.watch)}\n`);
  const startedMs = time.nowMs();
  let lastMs = startedMs;
  let last = 0n;
  for (let nowMs = startedMs; ; nowMs = time.nowMs()) {
    const count = countOf(world, options, await read());
    if (typeof count === 'string') {
      world.err(`${visible(count)}\n`);
      return 1;
    }
    world.out(`${line(options, { ...count, delta: count.total - last, deltaMs: nowMs - lastMs })}\n`);
    lastMs = nowMs;
    last = count.total;
    await time.sleep(untilNextPoll(startedMs, time.nowMs(), options.intervalMs));
  }
}

/** Polls stay on the schedule of the first one, however long each takes. */
export function untilNextPoll(startedMs: number, nowMs: number, intervalMs: number): number {
  const cycle = Math.floor((nowMs - startedMs) / intervalMs);
  return startedMs + intervalMs * (cycle + 1) - nowMs;
}

function header(watch: string): string {
  return ['topology', 'component', 'parallelism', 'stream', 'time-diff ms', watch, 'throughput (Kt/s)'].join(
    '\t',
  );
}

/** The count, or why there is none. */
function countOf(world: CommandWorld, options: MonitorOptions, info: TopologyInfo): Count | string {
  const own = info.executors.filter(({ component_id }) => component_id === options.component);
  if (own.length === 0) {
    if (!options.asJson) world.out(componentList(options.topology, info));
    return `component: ${options.component} not found`;
  }
  const counts = own.flatMap((executor) => countsOn(executor, options) ?? []);
  if (counts.length === 0) return `stream: ${options.stream} not found`;
  return { executors: own.length, total: counts.reduce((sum, count) => sum + count, 0n) };
}

function countsOn({ stats }: ExecutorSummary, { watch, stream }: MonitorOptions): bigint | undefined {
  return stats?.[watch].get(':all-time')?.get(stream);
}

function componentList(topology: string, { executors }: TopologyInfo): string {
  const components = [...new Set(executors.map(({ component_id }) => component_id))];
  const rule = '------------------';
  return `${[`Available components for ${topology} :`, rule, ...components, rule].map(visible).join('\n')}\n`;
}

function line(
  { topology, component, stream, watch, asJson }: MonitorOptions,
  row: Count & { readonly delta: bigint; readonly deltaMs: number },
): string {
  const delta = Number(row.delta);
  const throughput = delta === 0 || row.deltaMs === 0 ? 0 : delta / row.deltaMs;
  if (asJson) {
    const { executors, deltaMs } = row;
    return JSON.stringify({
      topology,
      component,
      stream,
      watch,
      executors,
      deltaMs,
      delta,
      ktPerSec: throughput,
    });
  }
  const [name, id, on] = [topology, component ?? '', stream].map(visible);
  return [name, id, row.executors, on, row.deltaMs, delta, javaDouble(throughput)].join('\t');
}

/** Formats a number as Java prints a double of this size. */
function javaDouble(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
