import fc from 'fast-check';
import type { JsonObject } from '../base/index.ts';
import type { Component, Grouping, InputDeclaration, LogicalTopology } from '../topology/index.ts';

/** Ids that sort differently in Java, in locales and by code point. */
const componentIds = [
  '$coord',
  '0',
  'Z',
  'a',
  'B-1',
  'b.c',
  'spout',
  'Spout',
  'ä',
  'é',
  '\u{1F600}',
  '￼',
  'zz',
  '~',
];
const streamIds = ['default', 'S', 's', '0', 'µ', '~late'];
const fieldNames = ['word', 'count', 'x', 'y'];

export interface PlannedQuestion {
  readonly topology: LogicalTopology;
  readonly conf: JsonObject;
}

const streamsArbitrary = fc
  .uniqueArray(fc.constantFrom(...streamIds), { minLength: 1, maxLength: 4 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({
          id: fc.constant(id),
          fields: fc.uniqueArray(fc.constantFrom(...fieldNames), { minLength: 1 }),
          direct: fc.boolean(),
        }),
      ),
    ),
  );

const partsArbitrary = fc.record({
  kind: fc.constantFrom('spout' as const, 'bolt' as const),
  streams: streamsArbitrary,
  parallelismHint: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
  tasks: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  ownMost: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  subscriptions: fc.array(fc.record({ from: fc.nat(), stream: fc.nat(), grouping: fc.nat() }), {
    maxLength: 4,
  }),
});

const confArbitrary = fc.record({
  'topology.workers': fc.integer({ min: 1, max: 5 }),
  'topology.message.timeout.secs': fc.integer({ min: 1, max: 60 }),
  'topology.acker.executors': fc.option(fc.integer({ min: 0, max: 4 })),
  'topology.eventlogger.executors': fc.constantFrom(0, 0, 2, null),
  'topology.max.task.parallelism': fc.option(fc.integer({ min: 1, max: 4 })),
  'topology.metrics.consumer.register': fc.option(
    fc.array(
      fc.record(
        {
          class: fc.constantFrom('a.Consumer', 'b.Consumer'),
          'parallelism.hint': fc.integer({ min: 1, max: 3 }),
        },
        { requiredKeys: ['class'] },
      ),
      { maxLength: 4 },
    ),
  ),
});

/** Topologies that Storm takes, with subscriptions of every kind, and a configuration for each. */
export const topologyArbitrary: fc.Arbitrary<PlannedQuestion> = fc
  .uniqueArray(fc.constantFrom(...componentIds), { minLength: 1, maxLength: 7 })
  .chain((ids) => fc.tuple(fc.constant(ids), fc.tuple(...ids.map(() => partsArbitrary)), confArbitrary))
  .map(([ids, parts, conf]) => {
    const first = parts.map((part, index) => (index === 0 ? { ...part, kind: 'spout' as const } : part));
    const components = first.map(
      (part, index): Component => ({
        id: ids[index]!,
        kind: part.kind,
        implementation: { kind: 'shell', executionCommand: 'python3', script: 'x.py' },
        inputs: part.kind === 'spout' ? [] : inputsOf(part.subscriptions, ids, first),
        streams: Object.fromEntries(part.streams.map(({ id, fields, direct }) => [id, { fields, direct }])),
        parallelismHint: part.parallelismHint,
        conf: {
          ...(part.tasks === undefined ? {} : { 'topology.tasks': part.tasks }),
          ...(part.ownMost === undefined ? {} : { 'topology.max.task.parallelism': part.ownMost }),
        },
      }),
    );
    return { topology: { components }, conf };
  });

type Parts = { readonly streams: readonly { readonly id: string; readonly fields: readonly string[] }[] };

function inputsOf(
  subscriptions: readonly { from: number; stream: number; grouping: number }[],
  ids: readonly string[],
  parts: readonly Parts[],
): InputDeclaration[] {
  const inputs = new Map<string, InputDeclaration>();
  for (const { from, stream, grouping } of subscriptions) {
    const source = parts[from % ids.length]!;
    const chosen = source.streams[stream % source.streams.length]!;
    const sourceComponentId = ids[from % ids.length]!;
    inputs.set(`${sourceComponentId} ${chosen.id}`, {
      sourceComponentId,
      sourceStreamId: chosen.id,
      grouping: groupingOf(grouping, chosen.fields),
    });
  }
  return [...inputs.values()];
}

function groupingOf(chance: number, fields: readonly string[]): Grouping {
  const kinds = ['shuffle', 'all', 'none', 'direct', 'local_or_shuffle'] as const;
  const choice = chance % (kinds.length + 2);
  if (choice === 0) return { kind: 'fields', fields: [] };
  if (choice === 1) return { kind: 'fields', fields: fields.slice(0, 1 + (chance % fields.length)) };
  return { kind: kinds[choice - 2]! };
}
