import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TopologyRecord } from '../records/index.ts';
import type { TopologyStatus } from '../topology/index.ts';
import { stepTopology, type TopologyEvent } from './lifecycle.ts';

const born: TopologyRecord = {
  id: 'words-1-1',
  name: 'words',
  status: 'ACTIVE',
  owner: 'me',
  launchedAtSecs: 1,
  workers: 1,
};

const anyEvent: fc.Arbitrary<TopologyEvent> = fc.oneof(
  fc.constantFrom<TopologyEvent>({ kind: 'activate' }, { kind: 'deactivate' }),
  fc.constantFrom<TopologyEvent>({ kind: 'place' }, { kind: 'rebalanced' }),
  fc.record({ kind: fc.constant('kill' as const), removeAtMs: fc.nat() }),
  fc.record({
    kind: fc.constant('rebalance' as const),
    asked: fc.record(
      {
        dueAtMs: fc.nat(),
        workers: fc.integer({ min: 1, max: 9 }),
        executors: fc.dictionary(fc.constantFrom('words', 'count'), fc.integer({ min: 1, max: 9 })),
        confOverrides: fc.constant('{"topology.debug":true}'),
      },
      { requiredKeys: ['dueAtMs'] },
    ),
  }),
);

/** The life under random events, and what each step answered. */
function live(events: readonly TopologyEvent[]): {
  readonly statuses: TopologyStatus[];
  last: TopologyRecord;
} {
  let last = born;
  const statuses: TopologyStatus[] = [last.status];
  for (const event of events) {
    const step = stepTopology(last, event);
    if (step.kind === 'changed') last = step.record;
    statuses.push(last.status);
  }
  return { statuses, last };
}

describe('stepTopology', () => {
  it('never brings a killed topology back', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const { statuses } = live(events);
        const killed = statuses.indexOf('KILLED');
        assert(killed === -1 || statuses.slice(killed).every((status) => status === 'KILLED'));
      }),
    );
  });

  it('accepts a kill in every status and keeps the last time of removal', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), fc.nat(), (events, removeAtMs) => {
        const step = stepTopology(live(events).last, { kind: 'kill', removeAtMs });
        assert.notEqual(step.kind, 'refused');
        if (step.kind === 'changed') assert.equal(step.record.removeAtMs, removeAtMs);
      }),
    );
  });

  it('never changes who a topology is', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const { id, name, owner, launchedAtSecs } = live(events).last;
        assert.deepEqual({ id, name, owner, launchedAtSecs, status: 'ACTIVE', workers: 1 }, born);
      }),
    );
  });

  it('keeps a time of removal exactly while killed, and a rebalance exactly while rebalancing', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const { last } = live(events);
        assert.equal(last.removeAtMs !== undefined, last.status === 'KILLED');
        assert.equal(last.rebalance !== undefined, last.status === 'REBALANCING');
      }),
    );
  });

  it('restores the status of before, and asks for what was wanted once the wait is over, not earlier', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), anyEvent, (events, event) => {
        const before = live(events).last;
        const waiting = stepTopology(before, event);
        if (event.kind !== 'rebalance' || waiting.kind !== 'changed') return;
        assert.deepEqual(
          [waiting.record.workers, waiting.record.executors, waiting.record.codeVersion],
          [before.workers, before.executors, before.codeVersion],
        );
        assert.deepEqual(stepTopology(waiting.record, { kind: 'rebalanced' }), { kind: 'unchanged' });
        const placing = stepTopology(waiting.record, { kind: 'place' });
        assert.ok(placing.kind === 'changed');
        const { workers, executors, confOverrides } = event.asked;
        assert.equal(placing.record.status, 'REBALANCING');
        assert.equal(placing.record.rebalances, (before.rebalances ?? 0) + 1);
        assert.equal(placing.record.workers, workers ?? before.workers);
        assert.deepEqual({ ...placing.record.executors }, { ...before.executors, ...executors });
        const changes = confOverrides === undefined ? 0 : 1;
        assert.equal(placing.record.codeVersion ?? 0, (before.codeVersion ?? 0) + changes);
        assert.deepEqual(stepTopology(placing.record, { kind: 'place' }), { kind: 'unchanged' });
        const done = stepTopology(placing.record, { kind: 'rebalanced' });
        assert.ok(done.kind === 'changed');
        assert.equal(done.record.status, before.status);
      }),
    );
  });

  it('says so when there is nothing to change', () => {
    assert.deepEqual(stepTopology(born, { kind: 'activate' }), { kind: 'unchanged' });
    assert.deepEqual(stepTopology({ ...born, status: 'INACTIVE' }, { kind: 'deactivate' }), {
      kind: 'unchanged',
    });
  });

  for (const [status, kind, stormName] of [
    ['KILLED', 'activate', 'ACTIVATE'],
    ['KILLED', 'deactivate', 'INACTIVATE'],
    ['REBALANCING', 'activate', 'ACTIVATE'],
    ['REBALANCING', 'deactivate', 'INACTIVATE'],
    ['REBALANCING', 'rebalance', 'REBALANCE'],
    ['KILLED', 'rebalance', 'REBALANCE'],
  ] as const) {
    it(`refuses to ${kind} what is ${status}`, () => {
      const event = kind === 'rebalance' ? { kind, asked: { dueAtMs: 1 } } : { kind };
      const step = stepTopology({ ...born, status }, event);
      assert.deepEqual(step, {
        kind: 'refused',
        reason: `No transition for event: ${stormName}, status: ${status} storm-id: words-1-1`,
      });
    });
  }
});
