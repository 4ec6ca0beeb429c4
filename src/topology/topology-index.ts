import { strict as assert } from 'node:assert';
import { GatewayError } from '../base/index.ts';
import type { Component, ComponentId, Grouping, LogicalTopology, StreamId, TaskId } from './model.ts';
import { systemComponentIds } from './system-topology.ts';
import { assignTaskIds, systemTaskId } from './tasks.ts';

/** A component that takes a stream, and how its tasks are chosen. */
export interface Subscriber {
  readonly componentId: ComponentId;
  readonly grouping: Grouping;
  /** Ascending. Empty when the component has no tasks. */
  readonly tasks: readonly TaskId[];
}

/**
 * A system topology prepared for questions. Task ids and stream numbers are Storm's; unknown ids are answered
 * with undefined or an empty list where a caller may ask about them, and throw where only a fault can lead
 * there.
 */
export class TopologyIndex {
  readonly topology: LogicalTopology;
  /** Number of tasks; their ids are 1..taskCount. */
  readonly taskCount: number;
  readonly #components: ReadonlyMap<ComponentId, Component>;
  readonly #tasks: ReadonlyMap<ComponentId, readonly TaskId[]>;
  /** Component of task 1, 2, ... at index 0, 1, ... */
  readonly #componentOfTask: readonly ComponentId[];
  /** Sorted stream ids of each component: the number of a stream is its place, from 1 on. */
  readonly #streams: ReadonlyMap<ComponentId, readonly StreamId[]>;
  /** Source component -> source stream -> subscribers, by ascending component id. */
  readonly #subscribers: ReadonlyMap<ComponentId, ReadonlyMap<StreamId, readonly Subscriber[]>>;

  constructor(systemTopology: LogicalTopology) {
    this.topology = systemTopology;
    this.#components = new Map(systemTopology.components.map((component) => [component.id, component]));
    this.#tasks = assignTaskIds(systemTopology);
    this.#componentOfTask = [...this.#tasks].flatMap(([id, tasks]) => tasks.map(() => id));
    this.taskCount = this.#componentOfTask.length;
    this.#streams = new Map(
      systemTopology.components.map((component) => [component.id, Object.keys(component.streams).sort()]),
    );
    this.#subscribers = this.#indexSubscribers();
  }

  component(componentId: ComponentId): Component | undefined {
    return this.#components.get(componentId);
  }

  /** Ascending; empty for an unknown component or one without tasks. */
  tasksOf(componentId: ComponentId): readonly TaskId[] {
    return this.#tasks.get(componentId) ?? [];
  }

  /** `__system` for task -1; undefined when there is no such task. */
  componentOf(taskId: TaskId): ComponentId | undefined {
    return taskId === systemTaskId ? systemComponentIds.system : this.#componentOfTask[taskId - 1];
  }

  /** Every task id with its component, ascending. */
  taskToComponent(): Map<TaskId, ComponentId> {
    return new Map(this.#componentOfTask.map((id, index) => [index + 1, id]));
  }

  /**
   * The number that stands for a stream in a frame (KryoTupleSerializer's IdDictionary). Throws for an
   * undeclared stream.
   */
  streamNumber(componentId: ComponentId, streamId: StreamId): number {
    const index = this.#streams.get(componentId)?.indexOf(streamId) ?? -1;
    if (index >= 0) return index + 1;
    throw new GatewayError('TOPOLOGY_INVALID', `component ${componentId} declares no stream ${streamId}`, {
      facts: { componentId, streamId },
    });
  }

  /**
   * The stream behind a number of a frame. Throws `WIRE_CORRUPT` for a number that the component has no
   * stream for.
   */
  streamId(componentId: ComponentId, streamNumber: number): StreamId {
    const streamId = this.#streams.get(componentId)?.[streamNumber - 1];
    if (streamId !== undefined) return streamId;
    throw new GatewayError(
      'WIRE_CORRUPT',
      `component ${componentId} has no stream with the number ${streamNumber}`,
      {
        facts: { componentId, streamNumber },
      },
    );
  }

  /** Sorted: stream number 1 first. Empty for an unknown component. */
  streamIdsOf(componentId: ComponentId): readonly StreamId[] {
    return this.#streams.get(componentId) ?? [];
  }

  /** Field names of a stream, or undefined when it is not declared. */
  fieldsOf(componentId: ComponentId, streamId: StreamId): readonly string[] | undefined {
    const streams = this.#components.get(componentId)?.streams;
    return streams !== undefined && Object.hasOwn(streams, streamId) ? streams[streamId]!.fields : undefined;
  }

  /**
   * The component that tuples of an input name as their source: a log's source emits them as if they came
   * from the component whose stream it is.
   */
  emitterOf(componentId: ComponentId): ComponentId {
    const implementation = this.#components.get(componentId)?.implementation;
    return implementation?.kind === 'log_source' ? implementation.componentId : componentId;
  }

  /** The subscribers of the stream, by ascending component id. */
  subscribersOf(componentId: ComponentId, streamId: StreamId): readonly Subscriber[] {
    return this.#subscribers.get(componentId)?.get(streamId) ?? [];
  }

  #indexSubscribers(): Map<ComponentId, Map<StreamId, Subscriber[]>> {
    const bySource = new Map<ComponentId, Map<StreamId, Subscriber[]>>();
    for (const componentId of [...this.#components.keys()].sort()) {
      const component = this.#components.get(componentId);
      assert(component !== undefined);
      for (const { sourceComponentId, sourceStreamId, grouping } of component.inputs) {
        const byStream = bySource.get(sourceComponentId) ?? new Map<StreamId, Subscriber[]>();
        bySource.set(sourceComponentId, byStream);
        const subscribers = byStream.get(sourceStreamId) ?? [];
        byStream.set(sourceStreamId, subscribers);
        subscribers.push({ componentId, grouping, tasks: this.tasksOf(componentId) });
      }
    }
    return bySource;
  }
}
