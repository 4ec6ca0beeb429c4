import type { ComponentId, StreamId, TaskId } from '../model.ts';

/**
 * The names under which a topology's stream lies in the log. They go by the topology's name, not its id: one that is
 * submitted again under its name goes on with what its predecessor left.
 */
export interface LogPlace {
  readonly topologyName: string;
  readonly componentId: ComponentId;
  readonly streamId: StreamId;
}

/** Ids of the components that stand at both sides of a log. */
export const logComponentPrefixes = { sink: '__dlog_sink_', source: '__dlog_source_' } as const;

/** The one subscriber of such a stream: the source that reads it. */
export const logSubscriber = 'topology';

export function logSinkId(componentId: ComponentId, streamId: StreamId): ComponentId {
  return `${logComponentPrefixes.sink}${encodeId(componentId)}.${encodeId(streamId)}`;
}

export function logSourceId(componentId: ComponentId, streamId: StreamId): ComponentId {
  return `${logComponentPrefixes.source}${encodeId(componentId)}.${encodeId(streamId)}`;
}

/** The namespace of all streams of a topology. */
export function logNamespace(topologyName: string): string {
  return `topology-${encodeId(topologyName)}`;
}

/** `component.stream.`: what the names of all partitions of a stream begin with, in their namespace. */
export function logStreamPrefix(componentId: ComponentId, streamId: StreamId): string {
  return `${encodeId(componentId)}.${encodeId(streamId)}.`;
}

/** `namespace/component.stream.partition`. */
export function logStreamName(place: LogPlace, partition: number): string {
  const { topologyName, componentId, streamId } = place;
  return `${logNamespace(topologyName)}/${logStreamPrefix(componentId, streamId)}${partition}`;
}

/** Which task of a sink or source this is, from 0 on: it has the partition of that number. */
export function partitionOf(tasks: readonly TaskId[], taskId: TaskId): number {
  return tasks.indexOf(taskId);
}

/**
 * Letters, digits, `_` and `-` stay; anything else is `--` and two hexadecimal digits for each byte of UTF-8, and so is a `-`
 * before anything but a letter, a digit or `_`: two ids never have one name.
 */
function encodeId(id: string): string {
  return id.replace(/-(?=\W|$)|[^\w-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `--${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}
