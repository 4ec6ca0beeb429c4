import type { ComponentId, StreamId, TaskId } from '../model.ts';

/**
 * The names under which a topology's stream lies in the log. They go by the topology's name, not its id: one
 * that is submitted again under its name continues where its predecessor stopped.
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

/** What {@link logStreamName} made the name of; undefined for any other name. */
export function parseLogStreamName(
  stream: string,
): { readonly place: LogPlace; readonly partition: number } | undefined {
  const found = /^topology-([\w-]+)\/([\w-]+)\.([\w-]+)\.(\d{1,9})$/.exec(stream);
  if (found === null) return undefined;
  const [topologyName, componentId, streamId] = found.slice(1, 4).map(decodeId);
  const place = { topologyName: topologyName!, componentId: componentId!, streamId: streamId! };
  const partition = Number(found[4]);
  return logStreamName(place, partition) === stream ? { place, partition } : undefined;
}

/** Which task of a sink or source this is, from 0 on: it has the partition of that number. */
export function partitionOf(tasks: readonly TaskId[], taskId: TaskId): number {
  return tasks.indexOf(taskId);
}

/**
 * Letters, digits, `_` and `-` stay; anything else is `--` and two hexadecimal digits for each byte of UTF-8,
 * and so is a `-` before anything but a letter, a digit or `_`: two ids never have one name.
 */
function encodeId(id: string): string {
  return id.replace(/-(?=\W|$)|[^\w-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `--${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

function decodeId(name: string): string {
  const bytes = name.replace(/--([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}
