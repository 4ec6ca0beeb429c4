import { GatewayError, type JsonObject, type RandomSource } from '../../base/index.ts';
import { JavaRandom, type JavaValue } from '../../tuple/index.ts';
import type { ComponentId, Grouping, PackingPlan, StreamId, TaskId } from '../model.ts';
import type { Subscriber, TopologyIndex } from '../topology-index.ts';
import type { Grouper, TaskLoads } from './grouper.ts';
import { makeGrouper } from './make-grouper.ts';
import { TaskPlacement } from './placement.ts';

export interface OutgoingOptions {
  readonly index: TopologyIndex;
  readonly plan: PackingPlan;
  readonly taskId: TaskId;
  readonly conf: JsonObject;
  readonly random: RandomSource;
}

interface Target {
  readonly componentId: ComponentId;
  readonly grouper: Grouper | 'direct';
}

/** Groupings that look at where tasks are. */
const byPlace: readonly Grouping['kind'][] = ['shuffle', 'local_or_shuffle'];

/**
 * Where the tuples of one task go (Storm's Task.getOutgoingTasks, 2.8). Every task has groupers of its own,
 * because they count and take turns. Not for tasks in a JVM: Storm's executors do this there.
 */
export class OutgoingStreams {
  readonly componentId: ComponentId;
  readonly #options: OutgoingOptions;
  readonly #index: TopologyIndex;
  readonly #random: JavaRandom;
  readonly #targets = new Map<StreamId, Target[]>();

  /**
   * Throws `TOPOLOGY_INVALID` when a subscriber's grouping is a Java class, and for a task the topology
   * lacks.
   */
  constructor(options: OutgoingOptions) {
    const { index, plan, taskId } = options;
    const componentId = index.componentOf(taskId);
    const planned = plan.tasks.find((task) => task.taskId === taskId);
    if (componentId === undefined || planned === undefined) {
      throw new GatewayError('TOPOLOGY_INVALID', `task ${taskId} is not in the plan of ${plan.topologyId}`, {
        facts: { taskId, topologyId: plan.topologyId },
      });
    }
    this.componentId = componentId;
    this.#options = options;
    this.#index = index;
    this.#random = new JavaRandom(options.random.nextInt32());
    const placement = new TaskPlacement(plan, planned.containerId);
    for (const streamId of index.streamIdsOf(componentId)) {
      const targets = index
        .subscribersOf(componentId, streamId)
        .map((subscriber) => this.#makeTarget(streamId, subscriber, placement));
      this.#targets.set(streamId, targets);
    }
  }

  /**
   * Tasks have moved: groupings that prefer near ones choose by where they are now. The others continue to
   * count and to take turns where they were.
   */
  repack(plan: PackingPlan): void {
    const own = plan.tasks.find((task) => task.taskId === this.#options.taskId);
    if (own === undefined) return;
    const placement = new TaskPlacement(plan, own.containerId);
    for (const [streamId, targets] of this.#targets) {
      this.#index.subscribersOf(this.componentId, streamId).forEach((subscriber, i) => {
        if (!byPlace.includes(subscriber.grouping.kind)) return;
        targets[i] = this.#makeTarget(streamId, subscriber, placement);
      });
    }
  }

  /**
   * Adds to `chosen` every task that a regular emit goes to, subscribers in the order of their ids; none when
   * there is no subscriber. Throws `EMIT_REFUSED` for an undeclared stream, one with a direct subscriber, and
   * values that lack a field which a subscriber's grouping needs.
   */
  chooseTasks(streamId: StreamId, values: readonly JavaValue[], chosen: TaskId[]): void {
    const targets = this.#targets.get(streamId) ?? this.#refuseUnknown(streamId);
    for (const { componentId, grouper } of targets) {
      if (grouper === 'direct') {
        throw this.#refused('Cannot do regular emit to direct stream', streamId, componentId);
      }
      const tasks = grouper.chooseTasks(values);
      for (let i = 0; i < tasks.length; i++) chosen.push(tasks[i]!);
    }
  }

  /**
   * Whether the tasks of every regular emit on a stream can be chosen before its values are known: no
   * subscriber takes it by a grouping that looks at them, or is a direct one.
   */
  ignoresValues(streamId: StreamId): boolean {
    const targets = this.#targets.get(streamId) ?? this.#refuseUnknown(streamId);
    return targets.every(({ grouper }) => grouper !== 'direct' && grouper.ignoresValues);
  }

  /**
   * Whether an emit that names its task reaches it: false when the task's component does not take the stream,
   * and the tuple is dropped, as in Storm. Throws `EMIT_REFUSED` for an undeclared stream, an unknown task,
   * and a component that takes the stream by another grouping.
   */
  reachesDirectly(streamId: StreamId, taskId: TaskId): boolean {
    const targets = this.#targets.get(streamId) ?? this.#refuseUnknown(streamId);
    const componentId = this.#index.componentOf(taskId);
    if (componentId === undefined) {
      throw new GatewayError(
        'EMIT_REFUSED',
        `component ${this.componentId} emits to task ${taskId}, the tasks of the topology are 1 to ${this.#index.taskCount}`,
        { facts: { componentId: this.componentId, streamId, taskId } },
      );
    }
    const target = targets.find((each) => each.componentId === componentId);
    if (target === undefined) return false;
    if (target.grouper === 'direct') return true;
    throw this.#refused('Cannot emitDirect to a task expecting a regular grouping', streamId, componentId);
  }

  /** For load-aware groupings; Storm does this once a second. */
  refreshLoads(loads: TaskLoads): void {
    for (const targets of this.#targets.values()) {
      for (const { grouper } of targets) if (grouper !== 'direct') grouper.refreshLoads(loads);
    }
  }

  #makeTarget(streamId: StreamId, subscriber: Subscriber, placement: TaskPlacement): Target {
    const context = {
      what: `component ${this.componentId}, stream ${streamId}`,
      streamFields: this.#index.fieldsOf(this.componentId, streamId) ?? [],
      conf: this.#options.conf,
      placement,
      random: this.#random,
    };
    return { componentId: subscriber.componentId, grouper: makeGrouper(subscriber, context) };
  }

  #refuseUnknown(streamId: StreamId): never {
    throw new GatewayError(
      'EMIT_REFUSED',
      `Unknown stream ID: ${streamId}. Component ${this.componentId} declares [${this.#index.streamIdsOf(this.componentId).join(', ')}]`,
      { facts: { componentId: this.componentId, streamId } },
    );
  }

  #refused(what: string, streamId: StreamId, subscriber: ComponentId): GatewayError {
    return new GatewayError(
      'EMIT_REFUSED',
      `${what}: component ${this.componentId}, stream ${streamId}, subscriber ${subscriber}`,
      { facts: { componentId: this.componentId, streamId, subscriber } },
    );
  }
}
