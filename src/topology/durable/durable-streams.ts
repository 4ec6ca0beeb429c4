import { GatewayError, type JsonObject } from '../../base/index.ts';
import { confKeys, readInt } from '../conf-values.ts';
import { needsJava } from '../groupings/custom-grouping.ts';
import type {
  Component,
  ComponentId,
  Grouping,
  InputDeclaration,
  LogDurability,
  LogicalTopology,
  StreamDeclaration,
  StreamId,
} from '../model.ts';
import { logSinkId, logSourceId, logStreamName } from './log-names.ts';

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
 * Puts the log between producer and consumers of each stream that the configuration names: A -> B becomes A -> sink -> log ->
 * source -> B. The sink is a bolt, the source a spout that declares A's stream; consumers keep their groupings. Done once, to a
 * topology as submitted and normalised, before the system's parts are added. Throws `TOPOLOGY_INVALID` with a sentence for a
 * stream that cannot go through a log.
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
  const durable = readDurableStreams(topology, conf);
  const partitions = readPartitions(conf);
  return durable.reduce(
    (rewritten, stream) => withLog(rewritten, stream, { partitions, topologyName }),
    topology,
  );
}

/** The streams that are to go through the log, each checked. Throws `TOPOLOGY_INVALID`. */
export function readDurableStreams(topology: LogicalTopology, conf: JsonObject): readonly DurableStream[] {
  const found = [
    ...listed(topology, conf, confKeys.durableStreams).map((each) => ({
      ...each,
      durability: 'fsync' as const,
    })),
    ...listed(topology, conf, confKeys.spillStreams).map((each) => ({ ...each, durability: 'os' as const })),
  ];
  const seen = new Set<string>();
  for (const stream of found) {
    const key = `${stream.componentId} ${stream.streamId}`;
    if (seen.has(key))
      throw invalid(
        `${describe(stream)} is named twice in ${confKeys.durableStreams} and ${confKeys.spillStreams}: name it once`,
      );
    seen.add(key);
    checkStream(topology, stream);
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

function listed(topology: LogicalTopology, conf: JsonObject, key: string): readonly NamedStream[] {
  const value = conf[key] ?? [];
  if (!Array.isArray(value) || value.some((each) => typeof each !== 'string' || each === ''))
    throw invalid(`${key} is ${JSON.stringify(value)}, expected a list of "component" or "component.stream"`);
  return (value as readonly string[]).map((name) => resolve(topology, name, key));
}

/** A component alone means its default stream. Both ids may have dots themselves. */
function resolve(topology: LogicalTopology, name: string, key: string): NamedStream {
  const found: NamedStream[] = [];
  for (const { id, streams } of topology.components) {
    if (id === name && Object.hasOwn(streams, 'default'))
      found.push({ componentId: id, streamId: 'default' });
    const rest = name.startsWith(`${id}.`) ? name.slice(id.length + 1) : '';
    if (rest !== '' && Object.hasOwn(streams, rest)) found.push({ componentId: id, streamId: rest });
  }
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw invalid(
      `${key} names ${name}, which can be ${found.map(describe).join(' or ')}: rename one of them`,
    );
  throw invalid(`${key} names ${name}, which no component declares. There are: ${streamNames(topology)}`);
}

function streamNames(topology: LogicalTopology): string {
  const names = topology.components.flatMap(({ id, streams }) =>
    Object.keys(streams).map((stream) => (stream === 'default' ? id : `${id}.${stream}`)),
  );
  return names.length <= 20
    ? names.join(', ')
    : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`;
}

function checkStream(topology: LogicalTopology, stream: DurableStream): void {
  const what = describe(stream);
  const producer = topology.components.find(({ id }) => id === stream.componentId)!;
  const consumers = consumersOf(topology, stream);
  if (stream.streamId.startsWith('__') || stream.componentId.startsWith('__'))
    throw invalid(`${what} is the system's and cannot go through the log: name a stream of your own`);
  if (producer.kind === 'state_spout')
    throw invalid(`${what} is of a state spout, which never emits: name another stream`);
  if (producer.streams[stream.streamId]!.direct)
    throw invalid(
      `${what} is a direct stream: its producer names the receiving task, which may be another one when the log is read. Use fields grouping instead`,
    );
  if (consumers.length === 0) throw invalid(`${what} has no consumer: take it out of the list`);
  const counted = countedStreamOf([producer, ...consumers.map(({ component }) => component)]);
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

/** Trident's batches, checkpoints and CoordinatedBolt say on another stream how many tuples there were, and when they end. */
function countedStreamOf(components: readonly Component[]): string | undefined {
  const streams = components.flatMap(({ streams: declared, inputs }) => [
    ...Object.keys(declared),
    ...inputs.map(({ sourceStreamId }) => sourceStreamId),
  ]);
  if (streams.includes('$checkpoint')) return 'a checkpoint ($checkpoint)';
  const trident = streams.find((stream) => stream.startsWith('$'));
  if (trident !== undefined) return `Trident (${trident})`;
  return streams.some((stream) => stream.endsWith('/coord-stream')) ? 'a CoordinatedBolt' : undefined;
}

interface Consumer {
  readonly component: Component;
  readonly input: InputDeclaration;
}

function consumersOf(topology: LogicalTopology, stream: NamedStream): readonly Consumer[] {
  return topology.components.flatMap((component) =>
    component.inputs
      .filter((input) => isFrom(input, stream))
      .map((input): Consumer => ({ component, input })),
  );
}

function isFrom(input: InputDeclaration, { componentId, streamId }: NamedStream): boolean {
  return input.sourceComponentId === componentId && input.sourceStreamId === streamId;
}

function withLog(
  topology: LogicalTopology,
  stream: DurableStream,
  { partitions, topologyName }: { readonly partitions: number; readonly topologyName: string },
): LogicalTopology {
  const { componentId, streamId } = stream;
  const name = logStreamName({ topologyName, componentId, streamId }, partitions - 1);
  if (name.split('/').some((part) => part.length > namePartMax))
    throw invalid(
      `${describe(stream)} would be ${name} in the log, and a part of that is longer than ${namePartMax} characters: use a shorter name`,
    );
  const producer = topology.components.find(({ id }) => id === componentId)!;
  const sourceId = logSourceId(componentId, streamId);
  const rest = topology.components.map((component) => ({
    ...component,
    inputs: component.inputs.map((input) =>
      isFrom(input, stream) ? { ...input, sourceComponentId: sourceId } : input,
    ),
  }));
  const grouping = partitionGrouping(
    consumersOf(topology, stream).map(({ input }) => input.grouping),
    partitions,
  );
  const sink = logComponent(stream, partitions, {
    ...{ id: logSinkId(componentId, streamId), kind: 'bolt', streams: {} },
    inputs: [{ sourceComponentId: componentId, sourceStreamId: streamId, grouping }],
  });
  const source = logComponent(stream, partitions, {
    ...{ id: sourceId, kind: 'spout', inputs: [] },
    streams: { [streamId]: producer.streams[streamId]! },
  });
  return { components: [...rest, sink, source] };
}

/** By the key of all consumers, so that a key stays in one partition and so in order; else by whatever spreads. */
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
    // Of its own, so that what the topology says of all components does not change the number of partitions.
    conf: { [confKeys.tasks]: partitions, [confKeys.maxTaskParallelism]: partitions },
  };
}

function describe({ componentId, streamId }: NamedStream): string {
  return `stream ${streamId} of component ${componentId}`;
}

function invalid(message: string): GatewayError {
  return new GatewayError('TOPOLOGY_INVALID', message);
}
