import { describeError, GatewayError, type JsonObject } from '../base/index.ts';
import {
  type Component,
  type ComponentImplementation,
  type Grouping as GroupingModel,
  type InputDeclaration,
  isSystemId,
  type LogDurability,
  type LogImplementation,
  type LogicalTopology,
} from '../topology/index.ts';
import type {
  Bolt,
  ComponentCommon,
  ComponentObject,
  Grouping,
  JavaObject,
  SpoutSpec,
  StateSpoutSpec,
  StormTopology,
} from './gen/storm.ts';

/** Reads a component's `json_conf`. Java writes it with json-smart, which needs config's lenient reader. */
export type ParseConf = (text: string) => JsonObject;

/**
 * Converts a submitted Thrift topology into the gateway's model: spouts, bolts, state spouts, each in the
 * client's order. Serialized Java objects stay unread. Throws `TOPOLOGY_INVALID`, naming the component, for a
 * component that cannot be converted; the room topology validates whether ids, streams and groupings fit
 * together.
 */
export function toLogicalTopology(topology: StormTopology, parseConf: ParseConf): LogicalTopology {
  const components: Component[] = [];
  for (const [id, spec] of topology.spouts) {
    components.push(
      componentOf({ id, kind: 'spout', object: spec.spout_object, common: spec.common }, parseConf),
    );
  }
  for (const [id, spec] of topology.bolts) {
    components.push(
      componentOf({ id, kind: 'bolt', object: spec.bolt_object, common: spec.common }, parseConf),
    );
  }
  for (const [id, spec] of topology.state_spouts) {
    const { state_spout_object: object, common } = spec;
    components.push(componentOf({ id, kind: 'state_spout', object, common }, parseConf));
  }
  return { components };
}

/**
 * Converts `system`, the system topology of `submitted`, into the answer of `getTopology`. The user's
 * components keep their component objects byte for byte; system bolts name the classes that Storm 2.8 uses.
 */
export function toSystemStormTopology(
  submitted: StormTopology,
  system: LogicalTopology,
  parseConf: ParseConf,
): StormTopology {
  const spouts = new Map<string, SpoutSpec>();
  const bolts = new Map<string, Bolt>();
  const stateSpouts = new Map<string, StateSpoutSpec>();
  for (const component of system.components) {
    const { id } = component;
    const spout = submitted.spouts.get(id);
    const bolt = submitted.bolts.get(id);
    const stateSpout = submitted.state_spouts.get(id);
    if (spout !== undefined) {
      spouts.set(id, { ...spout, common: commonOf(component, spout.common, parseConf) });
    } else if (bolt !== undefined) {
      bolts.set(id, { ...bolt, common: commonOf(component, bolt.common, parseConf) });
    } else if (stateSpout !== undefined) {
      stateSpouts.set(id, { ...stateSpout, common: commonOf(component, stateSpout.common, parseConf) });
    } else {
      bolts.set(id, { bolt_object: systemObject(id), common: commonOf(component, undefined, parseConf) });
    }
  }
  return { ...submitted, spouts, bolts, state_spouts: stateSpouts };
}

/**
 * Adds what withDurableStreams added in `rewritten` to a submitted topology: inputs that now come from a log,
 * and the log's components, which no JVM instantiates. Everything else stays as it was sent.
 */
export function withLogComponents(submitted: StormTopology, rewritten: LogicalTopology): StormTopology {
  const spouts = new Map(submitted.spouts);
  const bolts = new Map(submitted.bolts);
  for (const component of rewritten.components) {
    const { id, implementation } = component;
    const bolt = bolts.get(id);
    if (implementation.kind === 'log_sink' || implementation.kind === 'log_source') {
      const common = commonOf(component, undefined, () => ({}));
      const object = logObject(implementation);
      if (component.kind === 'spout') spouts.set(id, { spout_object: object, common });
      else bolts.set(id, { bolt_object: object, common });
    } else if (bolt !== undefined) {
      const inputs = bolt.common.inputs.map(([source, grouping], at) => {
        const { sourceComponentId: componentId } = component.inputs[at]!;
        return [{ ...source, componentId }, grouping] as const;
      });
      bolts.set(id, { ...bolt, common: { ...bolt.common, inputs } });
    }
  }
  return { ...submitted, spouts, bolts };
}

const logClasses = { log_sink: 'egret.log.Sink', log_source: 'egret.log.Source' } as const;

function logObject({ kind, componentId, streamId, durability }: LogImplementation): ComponentObject {
  const args = [componentId, streamId, durability].map((value) => ({ kind: 'string_arg' as const, value }));
  return { kind: 'java_object', value: { full_class_name: logClasses[kind], args_list: args } };
}

function logImplementationOf(
  id: string,
  { full_class_name, args_list }: JavaObject,
): LogImplementation | undefined {
  const kind = full_class_name === logClasses.log_sink ? 'log_sink' : 'log_source';
  if (!isSystemId(id) || full_class_name !== logClasses[kind]) return undefined;
  const [componentId, streamId, durability] = args_list.map((each) => String(each.value));
  return {
    ...{ kind, componentId: componentId ?? '', streamId: streamId ?? '' },
    durability: durability as LogDurability,
  };
}

interface ComponentParts {
  readonly id: string;
  readonly kind: Component['kind'];
  readonly object: ComponentObject;
  readonly common: ComponentCommon;
}

function componentOf({ id, kind, object, common }: ComponentParts, parseConf: ParseConf): Component {
  const streams = [...common.streams].map(
    ([streamId, { output_fields, direct }]) => [streamId, { fields: output_fields, direct }] as const,
  );
  return {
    id,
    kind,
    implementation: implementationOf(id, object),
    inputs: common.inputs.map(
      ([source, grouping]): InputDeclaration => ({
        sourceComponentId: source.componentId,
        sourceStreamId: source.streamId,
        grouping: groupingOf(grouping),
      }),
    ),
    streams: Object.fromEntries(streams),
    parallelismHint: common.parallelism_hint,
    conf: confOf(id, common.json_conf, parseConf),
  };
}

function implementationOf(id: string, object: ComponentObject): ComponentImplementation {
  switch (object.kind) {
    case 'serialized_java':
      return { kind: 'serialized_java' };
    case 'java_object': {
      const { value } = object;
      return logImplementationOf(id, value) ?? { kind: 'java_object', className: value.full_class_name };
    }
    case 'shell': {
      const { execution_command: executionCommand, script } = object.value;
      if (executionCommand === undefined || script === undefined) {
        const lacking = executionCommand === undefined ? 'execution_command' : 'script';
        throw new GatewayError(
          'TOPOLOGY_INVALID',
          `component "${id}" is a shell component without ${lacking}`,
        );
      }
      return { kind: 'shell', executionCommand, script };
    }
  }
}

function confOf(id: string, text: string | undefined, parseConf: ParseConf): JsonObject {
  if (text === undefined || text.trim() === '') return {};
  try {
    return parseConf(text);
  } catch (error) {
    throw new GatewayError(
      'TOPOLOGY_INVALID',
      `component "${id}": its json_conf is not a JSON object (${describeError(error)})`,
      { cause: error },
    );
  }
}

function groupingOf(grouping: Grouping): GroupingModel {
  switch (grouping.kind) {
    case 'fields':
      return { kind: 'fields', fields: grouping.value };
    case 'custom_object':
      return { kind: 'custom_object', className: grouping.value.full_class_name };
    case 'custom_serialized':
      return { kind: 'custom_serialized', bytesBase64: grouping.value.toString('base64') };
    case 'shuffle':
    case 'all':
    case 'none':
    case 'direct':
    case 'local_or_shuffle':
      return { kind: grouping.kind };
  }
}

/** The common part of a component of the system topology; what the user wrote is kept as it was written. */
function commonOf(
  component: Component,
  own: ComponentCommon | undefined,
  parseConf: ParseConf,
): ComponentCommon {
  const ownInputs = new Map(
    own?.inputs.map((input) => [inputKey(input[0].componentId, input[0].streamId), input]),
  );
  return {
    inputs: component.inputs.map(({ sourceComponentId, sourceStreamId, grouping }) => {
      const kept = ownInputs.get(inputKey(sourceComponentId, sourceStreamId));
      return (
        kept ?? [{ componentId: sourceComponentId, streamId: sourceStreamId }, thriftGroupingOf(grouping)]
      );
    }),
    streams: new Map(
      Object.entries(component.streams).map(([streamId, { fields, direct }]) => [
        streamId,
        { output_fields: fields, direct },
      ]),
    ),
    parallelism_hint: component.parallelismHint,
    json_conf: jsonConfOf(component, own?.json_conf, parseConf),
  };
}

/** Keeps the user's text if it still has the same meaning: a number beyond 2^53 survives only in the text. */
function jsonConfOf(
  { id, conf }: Component,
  own: string | undefined,
  parseConf: ParseConf,
): string | undefined {
  const text = JSON.stringify(conf);
  if (own !== undefined && JSON.stringify(confOf(id, own, parseConf)) === text) return own;
  return own === undefined && text === '{}' ? undefined : text;
}

function thriftGroupingOf(grouping: GroupingModel): Grouping {
  switch (grouping.kind) {
    case 'fields':
      return { kind: 'fields', value: grouping.fields };
    case 'custom_object':
      return { kind: 'custom_object', value: { full_class_name: grouping.className, args_list: [] } };
    case 'custom_serialized':
      return { kind: 'custom_serialized', value: Buffer.from(grouping.bytesBase64, 'base64') };
    case 'shuffle':
    case 'all':
    case 'none':
    case 'direct':
    case 'local_or_shuffle':
      return { kind: grouping.kind, value: {} };
  }
}

/** The classes of Storm 2.8's system bolts (StormCommon.systemTopologyImpl). */
function systemObject(id: string): ComponentObject {
  const classes: Readonly<Record<string, string>> = {
    __acker: 'org.apache.storm.daemon.Acker',
    __eventlogger: 'org.apache.storm.metric.EventLoggerBolt',
    __system: 'org.apache.storm.metric.SystemBolt',
  };
  const className = classes[id] ?? 'org.apache.storm.metric.MetricsConsumerBolt';
  return { kind: 'java_object', value: { full_class_name: className, args_list: [] } };
}

function inputKey(componentId: string, streamId: string): string {
  return `${componentId}\0${streamId}`;
}
