import type {
  Bolt,
  ComponentCommon,
  GlobalStreamId,
  Grouping,
  SpoutSpec,
  StormTopology,
} from '../../rpc/index.ts';

const shell = { kind: 'shell', value: { execution_command: 'python3', script: 'no_such.py' } } as const;

type Inputs = ComponentCommon['inputs'];

export function common(parts: {
  readonly inputs?: Inputs;
  readonly streams?: Readonly<Record<string, readonly string[]>>;
  readonly conf?: string;
}): ComponentCommon {
  const streams = Object.entries(parts.streams ?? { default: ['a'] });
  return {
    inputs: parts.inputs ?? [],
    streams: new Map(streams.map(([id, fields]) => [id, { output_fields: fields, direct: false }])),
    parallelism_hint: 1,
    json_conf: parts.conf ?? '{}',
  };
}

export function input(
  componentId: string,
  grouping: Grouping,
  streamId = 'default',
): [GlobalStreamId, Grouping] {
  return [{ componentId, streamId }, grouping];
}

export function topology(
  spouts: Readonly<Record<string, ComponentCommon>>,
  bolts: Readonly<Record<string, ComponentCommon>>,
): StormTopology {
  const each = <T>(parts: Readonly<Record<string, ComponentCommon>>, make: (common: ComponentCommon) => T) =>
    new Map(Object.entries(parts).map(([id, of]) => [id, make(of)]));
  return {
    spouts: each(spouts, (of): SpoutSpec => ({ spout_object: shell, common: of })),
    bolts: each(bolts, (of): Bolt => ({ bolt_object: shell, common: of })),
    state_spouts: new Map(),
  };
}

/** A spout and a bolt. */
export function simple(grouping: Grouping = { kind: 'shuffle', value: {} }): StormTopology {
  return topology({ s: common({}) }, { b: common({ inputs: [input('s', grouping)] }) });
}
