import { GatewayError, type JsonObject } from '../../base/index.ts';
import { confKeys, readInt } from '../conf-values.ts';
import { needsJava } from '../groupings/custom-grouping.ts';
import {
  type Component,
  type ComponentId,
  type Grouping,
  type InputDeclaration,
  isSystemId,
  type LogDurability,
  type LogicalTopology,
  type StreamDeclaration,
  type StreamId,
} from '../model.ts';
import { logSinkId, logSourceId, logStreamName } from './log-names.ts';
import { keyOf, StreamGraph } from './stream-graph.ts';

/** A stream that goes through the log. */
export interface DurableStream {
  readonly componentId: ComponentId;
  readonly streamId: StreamId;
  readonly durability: LogDurability;
}

const partitionsMax = 256;
/** A stream of the log has a name of at most so many characters on either side of its `/`. */
const namePartMax = 200;

/**
 * Puts the log between producer and consumers of each stream that the configuration names: A -> B becomes
 * A -> sink -> log -> source -> B. The sink is a bolt, the source a spout that declares A's stream; consumers
 * keep their groupings. Done once, to a topology as submitted and normalized, before the system's parts are
 * added. Throws `TOPOLOGY_INVALID` with a sentence for a stream that cannot go through a log.
 */
export function withDurableStreams(
  topology: LogicalTopology,
  conf: JsonObject,
  topologyName: string,
): LogicalTopology {
  for (const { id, implementation } of topology.components) {
    if (implementation.kind === 'log_sink' || implementation.kind === 'log_source')
      throw invalid(`${id} is not a valid component id.`);
  }
  const graph = new StreamGraph(topology);
  const durable = readDurableStreams(graph, conf);
  const partitions = readPartitions(conf);
  return durable.length === 0 ? topology : withLogs(graph, durable, { partitions, topologyName });
}

/** The streams that are to go through the log, each checked. Throws `TOPOLOGY_INVALID`. */
function readDurableStreams(graph: StreamGraph, conf: JsonObject): readonly DurableStream[] {
  const found = [
    ...listed(graph, conf, confKeys.durableStreams).map((each) => ({
      ...each,
      durability: 'fsync' as const,
    })),
    ...listed(graph, conf, confKeys.spillStreams).map((each) => ({ ...each, durability: 'os' as const })),
  ];
  const seen = new Set<string>();
  for (const stream of found) {
    const key = keyOf(stream.componentId, stream.streamId);
    if (seen.has(key))
      throw invalid(
        `${describe(stream)} is named twice in ${confKeys.durableStreams} and ${confKeys.spillStreams}: name it once`,
      );
    seen.add(key);
    checkStream(graph, stream);
  }
  return found;
}

function readPartitions(conf: JsonObject): number {
  const partitions = readInt(conf, confKeys.durablePartitions, 'topology configuration') ?? 1;
  if (partitions >= 1 && partitions <= partitionsMax) return partitions;
  throw invalid(`${confKeys.durablePartitions} is ${partitions}, expected 1 to ${partitionsMax}`);
}

interface NamedStream {
  readonly componentId: ComponentId;
  readonly streamId: StreamId;
}

function listed(graph: StreamGraph, conf: JsonObject, key: string): readonly NamedStream[] {
  const value = conf[key] ?? [];
  if (!Array.isArray(value) || value.some((each) => typeof each !== 'string' || each === ''))
    throw invalid(
      `${key} is ${cut(JSON.stringify(value))}, expected a list of "component" or "component.stream"`,
    );
  return (value as readonly string[]).map((name) => resolve(graph, name, key));
}

/** A component alone means its default stream. Both ids may have dots themselves. */
function resolve(graph: StreamGraph, name: string, key: string): NamedStream {
  // No longer one has a name in the log, and each of its dots may be the one between the ids.
  if (name.length > 2 * namePartMax)
    throw invalid(`${key} names ${cut(name)}, which is longer than any stream of the log: use shorter ids`);
  const found: NamedStream[] = [];
  if (declares(graph.components.get(name), 'default')) found.push({ componentId: name, streamId: 'default' });
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const named = { componentId: name.slice(0, dot), streamId: name.slice(dot + 1) };
    if (named.streamId !== '' && declares(graph.components.get(named.componentId), named.streamId))
      found.push(named);
  }
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw invalid(
      `${key} names ${name}, which can be ${found.map(describe).join(' or ')}: rename one of them`,
    );
  throw invalid(
    `${key} names ${name}, which no component declares. There are: ${cut(streamNames(graph.topology))}`,
  );
}

function declares(component: Component | undefined, streamId: StreamId): boolean {
  return component !== undefined && Object.hasOwn(component.streams, streamId);
}

function streamNames(topology: LogicalTopology): string {
  const names = topology.components.flatMap(({ id, streams }) =>
    Object.keys(streams).map((stream) => (stream === 'default' ? id : `${id}.${stream}`)),
  );
  return names.length <= 20
    ? names.join(', ')
    : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`;
}

function checkStream(graph: StreamGraph, stream: DurableStream): void {
  const what = describe(stream);
  const producer = graph.components.get(stream.componentId)!;
  const consumers = graph.consumersOf(stream);
  if (isSystemId(stream.streamId) || isSystemId(stream.componentId))
    throw invalid(`${what} is the system's and cannot go through the log: name a stream of your own`);
  if (producer.kind === 'state_spout')
    throw invalid(`${what} is of a state spout, which never emits: name another stream`);
  if (producer.streams[stream.streamId]!.direct)
    throw invalid(
      `${what} is a direct stream: its producer names the receiving task, which may be another one when the log is read. Use fields grouping instead`,
    );
  if (consumers.length === 0) throw invalid(`${what} has no consumer: take it out of the list`);
  const counted = graph.countedStreamOf([producer, ...consumers.map(({ component }) => component)]);
  if (counted !== undefined)
    throw invalid(
      `${what} is part of ${counted}, which counts the tuples of a stream and cannot go through the log: leave it out`,
    );
  for (const { component, input } of consumers) {
    if (input.grouping.kind === 'direct')
      throw invalid(
        `${what}: component ${component.id} takes it by direct grouping, which the log cannot keep`,
      );
    if (needsJava(input.grouping))
      throw invalid(
        `${what}: component ${component.id} takes it by a grouping of its own Java class, which only a JVM can run and the log has none: use one of Storm's groupings there`,
      );
  }
}

function withLogs(
  graph: StreamGraph,
  durable: readonly DurableStream[],
  options: { readonly partitions: number; readonly topologyName: string },
): LogicalTopology {
  const sources = new Map(
    durable.map(({ componentId, streamId }) => [
      keyOf(componentId, streamId),
      logSourceId(componentId, streamId),
    ]),
  );
  const rest = graph.topology.components.map((component) => ({
    ...component,
    inputs: component.inputs.map((input) => {
      const sourceId = sources.get(keyOf(input.sourceComponentId, input.sourceStreamId));
      return sourceId === undefined ? input : { ...input, sourceComponentId: sourceId };
    }),
  }));
  const added = durable.flatMap((stream) => logComponents(graph, stream, options));
  return { components: [...rest, ...added] };
}

/** The sink and the source of a stream. */
function logComponents(
  graph: StreamGraph,
  stream: DurableStream,
  { partitions, topologyName }: { readonly partitions: number; readonly topologyName: string },
): Component[] {
  const { componentId, streamId } = stream;
  const name = logStreamName({ topologyName, componentId, streamId }, partitions - 1);
  if (name.split('/').some((part) => part.length > namePartMax))
    throw invalid(
      `${describe(stream)} would be ${name} in the log, and a part of that is longer than ${namePartMax} characters: use a shorter name`,
    );
  const producer = graph.components.get(componentId)!;
  const grouping = partitionGrouping(
    graph.consumersOf(stream).map(({ input }) => input.grouping),
    partitions,
  );
  const sink = logComponent(stream, partitions, {
    ...{ id: logSinkId(componentId, streamId), kind: 'bolt', streams: {} },
    inputs: [{ sourceComponentId: componentId, sourceStreamId: streamId, grouping }],
  });
  const source = logComponent(stream, partitions, {
    ...{ id: logSourceId(componentId, streamId), kind: 'spout', inputs: [] },
    streams: { [streamId]: producer.streams[streamId]! },
  });
  return [sink, source];
}

/**
 * By the key of all consumers, so that a key stays in one partition and so in order; else by whatever
 * spreads.
 */
function partitionGrouping(groupings: readonly Grouping[], partitions: number): Grouping {
  if (partitions === 1) return { kind: 'fields', fields: [] };
  const [first] = groupings;
  const areAlike =
    first?.kind === 'fields' &&
    first.fields.length > 0 &&
    groupings.every((each) => each.kind === 'fields' && each.fields.join('\0') === first.fields.join('\0'));
  return areAlike ? first : { kind: 'shuffle' };
}

function logComponent(
  { componentId, streamId, durability }: DurableStream,
  partitions: number,
  parts: {
    readonly id: ComponentId;
    readonly kind: 'spout' | 'bolt';
    readonly inputs: readonly InputDeclaration[];
    readonly streams: Readonly<Record<StreamId, StreamDeclaration>>;
  },
): Component {
  const kind = parts.kind === 'bolt' ? 'log_sink' : 'log_source';
  return {
    ...parts,
    implementation: { kind, componentId, streamId, durability },
    parallelismHint: partitions,
    // A setting of its own, so that settings for all components of the topology do not change the number of
    // partitions.
    conf: { [confKeys.tasks]: partitions, [confKeys.maxTaskParallelism]: partitions },
  };
}

function describe({ componentId, streamId }: NamedStream): string {
  return `stream ${streamId} of component ${componentId}`;
}

/** Names of a submitter can be as long as a submission. */
function cut(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}...`;
}

function invalid(message: string): GatewayError {
  return new GatewayError('TOPOLOGY_INVALID', message);
}
