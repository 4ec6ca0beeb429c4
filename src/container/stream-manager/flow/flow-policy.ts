import { GatewayError, type JsonObject } from '../../../base/index.ts';
import { containerDefault } from '../../../config/index.ts';
import {
  componentConfOf,
  FlowGraph,
  type PlannedTask,
  type TaskId,
  type TopologyIndex,
} from '../../../topology/index.ts';

/**
 * What happens when a task is under pressure. spout: the spouts upstream of it are held back. drop: no spout
 * is; its tuples are dropped and their trees failed until it has caught up.
 */
export type PressureMode = 'spout' | 'drop';

const modeKey = 'topology.egret.backpressure.mode';
/** Heron's name for `drop`. */
const dropKey = 'topology.droptuples.upon.backpressure';

/** What back pressure needs to know about the tasks of a topology. */
export interface FlowPolicy {
  componentOf(task: TaskId): string;
  /** A spout is never under pressure: all it receives are the acks of what it emitted. */
  isSpout(task: TaskId): boolean;
  modeOf(task: TaskId): PressureMode;
  /** The tasks whose pressure holds a spout back. Empty for all others. */
  holdersOf(task: TaskId): ReadonlySet<TaskId>;
  /** Whether one of `sources` sends to one of `targets`, acks included. */
  feeds(sources: readonly TaskId[], targets: readonly TaskId[]): boolean;
}

/**
 * Throws `CONFIG_INVALID` naming component and key. Without a topology every task is a bolt that feeds all
 * others.
 */
export function flowPolicy(
  tasks: readonly PlannedTask[],
  conf: JsonObject,
  topology: TopologyIndex | undefined,
): FlowPolicy {
  const components = new Map(tasks.map((task) => [task.taskId, task.componentId]));
  const componentOf = (task: TaskId): string => components.get(task) ?? '';
  if (topology === undefined) {
    const mode = modeIn(conf, 'the topology');
    return {
      componentOf,
      isSpout: () => false,
      modeOf: () => mode,
      holdersOf: () => new Set(),
      feeds: () => true,
    };
  }
  const modes = new Map(
    topology.topology.components.map(({ id, conf: ownConf, implementation }) => {
      const isOwn = ['system', 'log_sink', 'log_source'].includes(implementation.kind);
      return [id, isOwn ? 'spout' : modeIn(componentConfOf(conf, ownConf), `component ${id}`)] as const;
    }),
  );
  const graph = new FlowGraph(topology);
  const isSpout = (task: TaskId): boolean => topology.component(componentOf(task))?.kind === 'spout';
  return {
    componentOf,
    isSpout,
    modeOf: (task) => modes.get(componentOf(task)) ?? 'spout',
    holdersOf: (task) => (isSpout(task) ? graph.holdersOf(componentOf(task)) : new Set()),
    feeds: (sources, targets) => {
      const receivers = new Set(sources.flatMap((source) => receiversOf(topology, componentOf(source))));
      return targets.some((target) => receivers.has(componentOf(target)));
    },
  };
}

function modeIn(conf: JsonObject, where: string): PressureMode {
  const mode = conf[modeKey] ?? (conf[dropKey] === true ? 'drop' : containerDefault(modeKey));
  if (mode === 'spout' || mode === 'drop') return mode;
  throw new GatewayError(
    'CONFIG_INVALID',
    `${where}: ${modeKey} is ${JSON.stringify(mode)}, expected "spout" or "drop"`,
    { facts: { key: modeKey, value: mode } },
  );
}

function receiversOf(topology: TopologyIndex, componentId: string): string[] {
  return topology
    .streamIdsOf(componentId)
    .flatMap((stream) => topology.subscribersOf(componentId, stream).map((each) => each.componentId));
}
