import type { JsonObject } from '../../base/index.ts';
import {
  type Component,
  FlowGraph,
  makeSystemTopology,
  normalizeTopology,
  type PackingPlan,
  systemComponentIds,
  type TaskId,
  TopologyIndex,
} from '../../topology/index.ts';
import type { EdgeKind, Scenario } from './scenario.ts';

export const topologyId = 'simulated-1-1';

/**
 * One subscription, seen from its source. Its place among all edges is its bit in what a root must have
 * passed.
 */
export interface ShapeEdge {
  readonly index: number;
  readonly kind: EdgeKind;
  readonly targetId: string;
  readonly targets: readonly TaskId[];
  readonly streamNumber: number;
}

/** The streams that bear the edges of each kind. */
const streams: Readonly<Record<EdgeKind, string>> = {
  one: 'default',
  all: 'default',
  back: 'back',
  loose: 'loose',
};

/**
 * The topology of a scenario as the real classes want it, and what the simulated tasks need to know of it.
 */
export class Shape {
  readonly scenario: Scenario;
  readonly conf: JsonObject;
  readonly topology: TopologyIndex;
  /** The first one. */
  readonly packing: PackingPlan;
  readonly ackers: readonly TaskId[];
  readonly #graph: FlowGraph;
  readonly #edges: ReadonlyMap<string, readonly ShapeEdge[]>;

  constructor(scenario: Scenario, containerOf: (task: TaskId) => number) {
    this.scenario = scenario;
    this.conf = confOf(scenario);
    this.topology = new TopologyIndex(
      makeSystemTopology(normalizeTopology({ components: componentsOf(scenario) }, this.conf), this.conf),
    );
    this.ackers = this.topology.tasksOf(systemComponentIds.acker);
    this.#graph = new FlowGraph(this.topology);
    this.#edges = this.#indexEdges();
    this.packing = this.#pack(containerOf);
  }

  edgesFrom(componentId: string): readonly ShapeEdge[] {
    return this.#edges.get(componentId) ?? [];
  }

  /**
   * The bits of every edge that a tree from this spout must pass: all that can be reached over anchored
   * edges.
   */
  mustPass(spoutId: string): number {
    let bits = 0;
    const seen = new Set<string>();
    const visit = (componentId: string): void => {
      if (seen.has(componentId)) return;
      seen.add(componentId);
      for (const edge of this.edgesFrom(componentId)) {
        if (edge.kind === 'loose') continue;
        bits |= 1 << edge.index;
        visit(edge.targetId);
      }
    };
    visit(spoutId);
    return bits;
  }

  /**
   * Tasks whose pressure holds a component back. Storm's worker does not ask whether the task that it holds a
   * bolt back for waits for that bolt in turn; and `neighbours`, the tasks of the same worker, it does not
   * ask at all.
   */
  heldBy(componentId: string, neighbours: readonly TaskId[]): ReadonlySet<TaskId> {
    const isSpout = this.topology.component(componentId)?.kind === 'spout';
    if (isSpout || this.scenario.setup.together === 0) return this.#graph.holdersOf(componentId);
    const fed = [...this.#graph.directlyAfter(componentId)].flatMap((id) => this.topology.tasksOf(id));
    return new Set(fed.filter((task) => !neighbours.includes(task)));
  }

  #indexEdges(): Map<string, ShapeEdge[]> {
    const edges = new Map<string, ShapeEdge[]>();
    let index = 0;
    for (const bolt of this.scenario.bolts) {
      for (const { from, kind } of bolt.from) {
        const list = edges.get(from) ?? [];
        edges.set(from, list);
        const streamNumber = this.topology.streamNumber(from, streams[kind]);
        list.push({
          index: index++,
          kind,
          targetId: bolt.id,
          targets: this.topology.tasksOf(bolt.id),
          streamNumber,
        });
      }
    }
    return edges;
  }

  #pack(containerOf: (task: TaskId) => number): PackingPlan {
    const host = this.scenario.setup.together === 1 ? ('jvm' as const) : ('shell' as const);
    const ids = Array.from({ length: this.scenario.setup.containers }, (_, index) => index + 1);
    const tasks = [...this.topology.taskToComponent()].map(([taskId, componentId]) => ({
      taskId,
      componentId,
      executor: [taskId, taskId] as const,
      containerId: containerOf(taskId),
      host: componentId === systemComponentIds.acker ? ('system' as const) : host,
    }));
    const containers = ids.map((containerId) => ({
      containerId,
      slotPort: 6700 + containerId,
      nodeId: 'node',
      hostname: 'localhost',
    }));
    return { topologyId, version: 1, codeVersion: 0, containers, tasks };
  }
}

function confOf({ setup }: Scenario): JsonObject {
  return {
    'topology.acker.executors': setup.ackers,
    'topology.eventlogger.executors': 0,
    'topology.workers': setup.containers,
    'topology.message.timeout.secs': setup.timeout,
    'egret.stream.manager.queue.max.bytes': setup.queueMax,
    'egret.stream.manager.queue.high.bytes': setup.queueHigh,
    'egret.stream.manager.queue.low.bytes': setup.queueLow,
    'topology.egret.backpressure.mode': setup.drop === 1 ? 'drop' : 'spout',
  };
}

function componentsOf({ spouts, bolts }: Scenario): Component[] {
  const declared = Object.fromEntries(
    Object.values(streams).map((id) => [
      id,
      { fields: ['sequence', 'life', 'hops', 'padding'], direct: false },
    ]),
  );
  const base = (id: string, tasks: number) => ({
    ...{ id, parallelismHint: tasks, conf: {}, streams: declared },
    implementation: { kind: 'shell' as const, executionCommand: 'simulated', script: 'simulated' },
  });
  return [
    ...spouts.map((spout) => ({ ...base(spout.id, spout.tasks), kind: 'spout' as const, inputs: [] })),
    ...bolts.map((bolt) => ({
      ...base(bolt.id, bolt.tasks),
      kind: 'bolt' as const,
      inputs: bolt.from.map(({ from, kind }) => ({
        sourceComponentId: from,
        sourceStreamId: streams[kind],
        grouping: { kind: 'shuffle' as const },
      })),
    })),
  ];
}
