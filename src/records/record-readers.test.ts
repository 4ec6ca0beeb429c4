import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';
import {
  isTopologyId,
  keys,
  type Reading,
  readAssignmentRecord,
  readLogicalTopology,
  readTopologyRecord,
} from './index.ts';

type Read = (value: JsonValue) => Reading<unknown>;

const counts = { '600': { default: 1.5 } };
const stats = {
  executor: [1, 2],
  componentId: 'a',
  uptimeSecs: 1,
  emitted: counts,
  transferred: counts,
  rate: 1,
};
/** A whole record of each kind, and its reader. */
const records: Readonly<Record<string, { readonly whole: JsonObject; readonly read: Read }>> = {
  topology: {
    whole: {
      ...{
        id: 't-1-1',
        name: 't',
        status: 'REBALANCING',
        owner: 'me',
        launchedAtSecs: 1,
        removeAtMs: 2,
        workers: 3,
      },
      executors: { a: 1, __proto__: 2 },
      rebalance: {
        phase: 'waiting',
        statusBefore: 'ACTIVE',
        dueAtMs: 1,
        workers: 1,
        executors: {},
        confOverrides: '',
      },
      ...{ rebalances: 1, codeVersion: 1, stormVersion: '2', jdkVersion: '17' },
    },
    read: (value) => readTopologyRecord('t-1-1', value),
  },
  assignment: {
    whole: {
      plan: {
        ...{ topologyId: 't-1-1', version: 1, codeVersion: 0 },
        containers: [{ containerId: 1, slotPort: 6700, nodeId: 'n', hostname: 'h' }],
        tasks: [{ taskId: 1, componentId: 'a', executor: [1, 1], containerId: 1, host: 'jvm' }],
      },
      reason: '',
      rebalances: 1,
      leaving: [{ containerId: 2, slotPort: 6701, endAtMs: 1 }],
    },
    read: (value) => readAssignmentRecord('t-1-1', value),
  },
  container: {
    whole: { pid: 2, processStart: '1', incarnation: 'i', startedAtMs: 1, restarts: 0, lastExit: '' },
    read: keys.container('t-1-1', 1).check,
  },
  supervisor: {
    whole: { nodeId: 'n', hostname: 'h', slotPorts: [6700], startedAtMs: 1 },
    read: keys.supervisor('n').check,
  },
  heartbeat: {
    whole: {
      ...{ containerId: 1, timeMs: 1, uptimeSecs: 1, restarts: { a: 1 } },
      executors: [
        { ...stats, specific: { kind: 'spout', acked: counts, failed: counts, completeMsAvg: counts } },
        {
          ...stats,
          specific: {
            ...{ kind: 'bolt', acked: counts, failed: counts, processMsAvg: counts },
            ...{ executed: counts, executeMsAvg: counts },
          },
          latencies: { '600': [1, 2] },
        },
      ],
    },
    read: keys.heartbeat('t-1-1', 1).check,
  },
  error: { whole: { error: 'e', timeSecs: 1, host: 'h', port: 1 }, read: keys.errors('t-1-1', 'a').check },
  marker: { whole: { id: 'm', madeAtMs: 1 }, read: keys.marker.check },
  'system topology': {
    whole: {
      components: [
        {
          ...{ id: 'a', kind: 'bolt', implementation: { kind: 'shell', executionCommand: 'x', script: 'y' } },
          inputs: [
            { sourceComponentId: 'b', sourceStreamId: 's', grouping: { kind: 'fields', fields: ['f'] } },
          ],
          streams: { default: { fields: ['f'], direct: false } },
          ...{ parallelismHint: 1, conf: { 'topology.tasks': 1 } },
        },
      ],
    },
    read: readLogicalTopology,
  },
};

/** Every place in a value, as a function that puts something else there. */
function places(value: JsonValue): ((other: JsonValue) => JsonValue)[] {
  const here = (other: JsonValue): JsonValue => other;
  if (Array.isArray(value)) {
    const list = value as readonly JsonValue[];
    return [
      here,
      ...list.flatMap((each, at) =>
        places(each).map((put) => (other: JsonValue) => list.with(at, put(other))),
      ),
    ];
  }
  if (!isJsonObject(value)) return [here];
  return [
    here,
    ...Object.entries(value).flatMap(([key, each]) =>
      places(each).map((put) => (other: JsonValue) => ({ ...value, [key]: put(other) })),
    ),
  ];
}

describe('what is read from the state store', () => {
  it('is taken as it is when it is whole, with members that a later version may have added', () => {
    for (const { whole, read } of Object.values(records)) {
      const value = { ...whole, addedLater: [1] };
      assert.deepEqual(read(value), { kind: 'read', record: value });
    }
  });

  it('is refused in one short line where any part of it is of another kind', () => {
    const nested = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as JsonValue;
    let refused = 0;
    for (const [name, { whole, read }] of Object.entries(records)) {
      for (const put of places(whole)) {
        for (const other of [nested, { x: nested }, 'x'.repeat(100_000), Number.NaN, -2, null]) {
          const reading = read(put(other));
          if (reading.kind === 'unreadable') refused += 1;
          if (reading.kind === 'unreadable')
            assert.match(reading.reason, /^[^\n]{1,200} expected [^\n]{1,150}$/, name);
        }
      }
    }
    assert.ok(refused > 500, String(refused));
  });

  it('never stops a reader, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(records)),
        fc.nat(),
        fc.jsonValue(),
        ({ whole, read }, at, other) => {
          const all = places(whole);
          read(all[at % all.length]!(other as JsonValue));
        },
      ),
    );
  });

  it('says where it is wrong, and what it is', () => {
    const { whole, read } = records['topology']!;
    const reasonOf = (value: JsonValue): string => (read(value) as { reason: string }).reason;
    assert.equal(reasonOf({ ...whole, owner: 5 }), 'owner is 5, expected a string');
    assert.equal(reasonOf({ ...whole, id: 'other' }), 'id is "other", expected "t-1-1"');
    assert.match(
      reasonOf({ ...whole, status: 'x'.repeat(99) }),
      /^status is "x{60}\.\.\.", expected one of ACTIVE/,
    );
    assert.match(reasonOf({ ...whole, executors: { a: 1.5 } }), /^executors\.a is 1\.5, expected an integer/);
    assert.equal(reasonOf('half'), 'it is "half", expected an object');
    assert.equal(reasonOf({ id: 't-1-1', unreadable: 'its copy is gone' }), 'its copy is gone');
  });

  it('is of no topology where the key names no directory of its own', () => {
    for (const id of ['', '.', '..', '../etc', 'a/b', 'a\0', 'é'.repeat(128)])
      assert.equal(isTopologyId(id), false);
    assert.ok(isTopologyId('words-1-1700000000') && isTopologyId('constructor') && isTopologyId('..a'));
    assert.equal(
      readTopologyRecord('../etc', { ...records['topology']!.whole, id: '../etc' }).kind,
      'unreadable',
    );
  });
});
