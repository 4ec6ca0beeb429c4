import { GatewayError, isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';
import { confKeys, readInt, readRequiredInt } from './conf-values.ts';
import {
  type Component,
  codeFileBytesMax,
  type InputDeclaration,
  type LogicalTopology,
  type StreamDeclaration,
} from './model.ts';
import { taskCountOf } from './tasks.ts';
import { validateBasic, validateStructure } from './validate.ts';

/** Ids of the components that Storm adds; metrics consumers are `__metrics_` and their class. */
export const systemComponentIds = {
  acker: '__acker',
  eventLogger: '__eventlogger',
  system: '__system',
  metricsPrefix: '__metrics_',
} as const;

/** Ids of the streams that Storm adds. */
export const systemStreamIds = {
  ackInit: '__ack_init',
  ackAck: '__ack_ack',
  ackFail: '__ack_fail',
  ackResetTimeout: '__ack_reset_timeout',
  eventLog: '__eventlog',
  metrics: '__metrics',
  metricsTick: '__metrics_tick',
  system: '__system',
  tick: '__tick',
  flush: '__flush',
} as const;

/** About what an input of a metrics consumer takes in topology.json, beside the id of its source. */
const inputCharacters = 100;

/** Writes into each component's configuration how many tasks it gets (Nimbus.normalizeTopology). */
export function normalizeTopology(topology: LogicalTopology, topologyConf: JsonObject): LogicalTopology {
  return {
    components: topology.components.map((component) => ({
      ...component,
      conf: { ...component.conf, [confKeys.tasks]: taskCountOf(component, topologyConf) },
    })),
  };
}

/**
 * Storm's system topology (StormCommon.systemTopology, 2.8) of a normalized topology: checked, then with the
 * acker, the event logger, the metrics consumers, `__system` and the system streams added, then checked as a
 * whole. Task ids and stream numbers follow from it, so it must be Storm's to the letter. Throws
 * `TOPOLOGY_INVALID`.
 */
export function makeSystemTopology(topology: LogicalTopology, conf: JsonObject): LogicalTopology {
  const steps = systemTopologySteps(topology, conf);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * {@link makeSystemTopology} in steps, each of a part of its time: a caller that makes one of thousands of
 * components can let others have their turn at every `yield`.
 */
export function* systemTopologySteps(
  topology: LogicalTopology,
  conf: JsonObject,
): Generator<void, LogicalTopology, void> {
  validateBasic(topology);
  let components: readonly Component[] = withAcker(topology.components, conf);
  yield;
  components = withEventLogger(components, conf);
  yield;
  components = [...components, ...metricsConsumers(components, conf), systemComponent()];
  const complete = {
    components: components.map((component) => ({
      ...component,
      streams: {
        ...component.streams,
        [systemStreamIds.metrics]: stream('task-info', 'data-points'),
        [systemStreamIds.system]: stream('event'),
      },
    })),
  };
  yield;
  validateStructure(complete);
  return complete;
}

function withAcker(components: readonly Component[], conf: JsonObject): Component[] {
  const timeoutSecs = readRequiredInt(conf, confKeys.messageTimeoutSecs);
  const count =
    readInt(conf, confKeys.ackerExecutors, 'topology configuration') ??
    readRequiredInt(conf, confKeys.workers);
  const acker = systemBolt({
    id: systemComponentIds.acker,
    parallelism: count,
    conf: { [confKeys.tasks]: count, [confKeys.tickTupleFreqSecs]: timeoutSecs },
    inputs: components.flatMap(ackerInputs),
    streams: {
      [systemStreamIds.ackAck]: directStream('id', 'time-delta-ms'),
      [systemStreamIds.ackFail]: directStream('id', 'time-delta-ms'),
      [systemStreamIds.ackResetTimeout]: directStream('id', 'time-delta-ms'),
    },
  });
  return [...components.map((component) => joinedToAcker(component, timeoutSecs)), acker];
}

function ackerInputs(component: Component): InputDeclaration[] {
  const streams =
    component.kind === 'spout'
      ? [systemStreamIds.ackInit]
      : component.kind === 'bolt'
        ? [systemStreamIds.ackAck, systemStreamIds.ackFail, systemStreamIds.ackResetTimeout]
        : [];
  return streams.map((sourceStreamId) => ({
    sourceComponentId: component.id,
    sourceStreamId,
    grouping: { kind: 'fields', fields: ['id'] },
  }));
}

/** A spout ticks once a message timeout, to rotate its pending tuples. */
function joinedToAcker(component: Component, timeoutSecs: number): Component {
  if (component.kind === 'bolt') {
    const streams = {
      ...component.streams,
      [systemStreamIds.ackAck]: stream('id', 'ack-val'),
      [systemStreamIds.ackFail]: stream('id'),
      [systemStreamIds.ackResetTimeout]: stream('id'),
    };
    return { ...component, streams };
  }
  if (component.kind !== 'spout') return component;
  const fromAcker = [systemStreamIds.ackAck, systemStreamIds.ackFail, systemStreamIds.ackResetTimeout];
  return {
    ...component,
    conf: { ...component.conf, [confKeys.tickTupleFreqSecs]: timeoutSecs },
    streams: { ...component.streams, [systemStreamIds.ackInit]: stream('id', 'init-val', 'spout-task') },
    inputs: [
      ...component.inputs,
      ...fromAcker.map((sourceStreamId) => ({
        sourceComponentId: systemComponentIds.acker,
        sourceStreamId,
        grouping: { kind: 'direct' as const },
      })),
    ],
  };
}

function withEventLogger(components: readonly Component[], conf: JsonObject): readonly Component[] {
  const configured = readInt(conf, confKeys.eventLoggerExecutors, 'topology configuration');
  const count = configured ?? readRequiredInt(conf, confKeys.workers);
  if (count === 0 || (configured !== undefined && configured < 0)) return components;
  const eventLogger = systemBolt({
    id: systemComponentIds.eventLogger,
    parallelism: count,
    conf: {
      [confKeys.tasks]: count,
      [confKeys.tickTupleFreqSecs]: readRequiredInt(conf, confKeys.messageTimeoutSecs),
    },
    inputs: components
      .filter((component) => component.kind !== 'state_spout')
      .map((component) => ({
        sourceComponentId: component.id,
        sourceStreamId: systemStreamIds.eventLog,
        grouping: { kind: 'fields', fields: ['component-id'] },
      })),
    streams: {},
  });
  const logged = components.map((component) => ({
    ...component,
    streams: {
      ...component.streams,
      [systemStreamIds.eventLog]: stream('component-id', 'message-id', 'ts', 'values'),
    },
  }));
  return [...logged, eventLogger];
}

/** One bolt for each entry of `topology.metrics.consumer.register`; the second of a class is `#2`. */
function metricsConsumers(components: readonly Component[], conf: JsonObject): Component[] {
  const entries = conf[confKeys.metricsConsumers];
  if (entries === undefined || entries === null) return [];
  if (!Array.isArray(entries)) throw badConsumer('is not a list');
  const sources = [...components.map((component) => component.id), systemComponentIds.system];
  checkConsumerInputs(entries.length, sources);
  const inputs = sources.map((sourceComponentId) => ({
    sourceComponentId,
    sourceStreamId: systemStreamIds.metrics,
    grouping: { kind: 'shuffle' as const },
  }));
  const seen = new Map<string, number>();
  return (entries as readonly JsonValue[]).map((entry) => {
    const className = isJsonObject(entry) ? entry['class'] : undefined;
    if (!isJsonObject(entry) || typeof className !== 'string')
      throw badConsumer('has an entry without a class');
    if (hasEntries(entry['whitelist']) && hasEntries(entry['blacklist'])) {
      throw badConsumer(`has whitelist and blacklist for ${className}, expected one of them at most`);
    }
    const parallelism = readInt(entry, 'parallelism.hint', confKeys.metricsConsumers) ?? 1;
    const occurrence = (seen.get(className) ?? 0) + 1;
    seen.set(className, occurrence);
    const id = `${systemComponentIds.metricsPrefix}${className}${occurrence === 1 ? '' : `#${occurrence}`}`;
    return systemBolt({ id, parallelism, conf: { [confKeys.tasks]: parallelism }, inputs, streams: {} });
  });
}

/**
 * Every consumer takes a stream of every component. All containers read what that comes to, so it must not be
 * the product of two sizes that a submission chooses: what does not fit into topology.json is refused before
 * it is made. 1,000 components and 100 consumers need some 12 million characters.
 */
function checkConsumerInputs(consumers: number, sources: readonly string[]): void {
  const inputs = consumers * sources.length;
  const idCharacters = sources.reduce((sum, id) => sum + id.length, 0);
  if (consumers * idCharacters + inputs * inputCharacters <= codeFileBytesMax) return;
  throw badConsumer(
    `has ${consumers} consumers, each of which takes a stream of each of ${sources.length} components: ` +
      `${inputs} inputs are too many to be kept. Register fewer consumers or use fewer components`,
  );
}

function hasEntries(list: JsonValue | undefined): boolean {
  return Array.isArray(list) && list.length > 0;
}

function badConsumer(what: string): GatewayError {
  return new GatewayError(
    'TOPOLOGY_INVALID',
    `topology configuration: ${confKeys.metricsConsumers} ${what}`,
    {
      facts: { key: confKeys.metricsConsumers },
    },
  );
}

function systemComponent(): Component {
  return systemBolt({
    id: systemComponentIds.system,
    parallelism: 0,
    conf: { [confKeys.tasks]: 0 },
    inputs: [],
    streams: {
      [systemStreamIds.tick]: stream('rate_secs'),
      [systemStreamIds.flush]: stream(),
      [systemStreamIds.metricsTick]: stream('interval'),
    },
  });
}

function systemBolt(parts: {
  readonly id: string;
  readonly parallelism: number;
  readonly conf: JsonObject;
  readonly inputs: readonly InputDeclaration[];
  readonly streams: Readonly<Record<string, StreamDeclaration>>;
}): Component {
  const { parallelism, ...rest } = parts;
  return { ...rest, kind: 'bolt', implementation: { kind: 'system' }, parallelismHint: parallelism };
}

function stream(...fields: string[]): StreamDeclaration {
  return { fields, direct: false };
}

function directStream(...fields: string[]): StreamDeclaration {
  return { fields, direct: true };
}
