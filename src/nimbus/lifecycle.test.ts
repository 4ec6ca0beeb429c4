import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TopologyRecord, TopologyStatus } from '../topology/index.ts';
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
  fc.constantFrom<TopologyEvent>({ kind: 'activate' }, { kind: 'deactivate' }, { kind: 'rebalance' }),
  fc.record({ kind: fc.constant('kill' as const), removeAtMs: fc.nat() }),
  fc.record({
    kind: fc.constant('rebalanced' as const),
    statusBefore: fc.constantFrom('ACTIVE' as const, 'INACTIVE' as const),
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

  it('changes nothing but status and time of removal', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const { last } = live(events);
        const { removeAtMs, ...rest } = last;
        assert.deepEqual({ ...rest, status: 'ACTIVE' }, born);
        assert.equal(removeAtMs !== undefined, last.status === 'KILLED');
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
  ] as const) {
    it(`refuses to ${kind} what is ${status}`, () => {
      const step = stepTopology({ ...born, status }, { kind });
      assert.deepEqual(step, {
        kind: 'refused',
        reason: `No transition for event: ${stormName}, status: ${status} storm-id: words-1-1`,
      });
    });
  }
});
