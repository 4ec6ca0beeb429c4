import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PhysicalPlan } from '../../topology/index.ts';
import {
  initialMasterState,
  type MasterEffect,
  type MasterEvent,
  type MasterState,
  stepMaster,
} from './machine.ts';

const graceMs = 5000;
const containerIds = [1, 2, 3];

function start(leaseEpoch = 1): MasterState {
  return initialMasterState({ topologyId: 't-1', containerIds, leaseEpoch, status: 'ACTIVE' });
}

interface RegistrationParts {
  readonly connection: number;
  readonly containerId: number;
  readonly incarnation: string;
  readonly epochHeld?: number;
  readonly startedIncarnation?: string;
  readonly topologyId?: string;
}

function registered(parts: RegistrationParts): MasterEvent {
  const { connection, containerId, incarnation } = parts;
  return {
    kind: 'registered',
    registration: {
      connection,
      topologyId: parts.topologyId ?? 't-1',
      address: { containerId, incarnation, host: 'h', port: 1000 + connection },
      epochHeld: parts.epochHeld ?? 0,
      startedIncarnation: parts.startedIncarnation,
    },
  };
}

/** State and effects, one line each, after events. */
function play(state: MasterState, events: readonly MasterEvent[]): [MasterState, string[]] {
  let current = state;
  const lines = events.flatMap((event) => {
    const [next, effects] = stepMaster(current, event);
    current = next;
    return effects.map(describeEffect);
  });
  return [current, lines];
}

function describeEffect(effect: MasterEffect): string {
  if (effect.kind === 'refuse') return `refuse ${effect.connection}: ${effect.reason}`;
  const { epoch, isComplete, status, streamManagers } = effect.plan;
  const members = streamManagers.map((each) => `${each.containerId}/${each.incarnation}`).join(' ');
  return `publish ${epoch % 2 ** 20} ${status}${isComplete ? ' complete' : ''}: ${members}`;
}

describe('the machine of a topology master', () => {
  it('publishes at each registration, complete when all are there', () => {
    const [, lines] = play(start(), [
      registered({ connection: 1, containerId: 2, incarnation: 'a' }),
      registered({ connection: 2, containerId: 1, incarnation: 'b' }),
      registered({ connection: 3, containerId: 3, incarnation: 'c' }),
    ]);
    assert.deepEqual(lines, [
      'publish 1 ACTIVE: 2/a',
      'publish 2 ACTIVE: 1/b 2/a',
      'publish 3 ACTIVE complete: 1/b 2/a 3/c',
    ]);
  });

  it('keeps a silent member for its grace, and publishes without it afterwards', () => {
    const [silent] = play(start(), [
      registered({ connection: 1, containerId: 1, incarnation: 'a' }),
      { kind: 'disconnected', connection: 1, nowMs: 1000 },
    ]);
    const [stillThere, before] = play(silent, [{ kind: 'tick', nowMs: 1000 + graceMs - 1, graceMs }]);
    const [gone, at] = play(stillThere, [{ kind: 'tick', nowMs: 1000 + graceMs, graceMs }]);
    const [, after] = play(gone, [{ kind: 'tick', nowMs: 1000 + 2 * graceMs, graceMs }]);
    assert.deepEqual([before, at, after], [[], ['publish 2 ACTIVE: '], []]);
  });

  it('keeps a member that registers again within its grace', () => {
    const [, lines] = play(start(), [
      registered({ connection: 1, containerId: 1, incarnation: 'a' }),
      { kind: 'disconnected', connection: 1, nowMs: 0 },
      registered({ connection: 2, containerId: 1, incarnation: 'a' }),
      { kind: 'tick', nowMs: 10 * graceMs, graceMs },
    ]);
    assert.deepEqual(lines, ['publish 1 ACTIVE: 1/a', 'publish 2 ACTIVE: 1/a']);
  });

  it('replaces an incarnation, and never takes it back', () => {
    const [, lines] = play(start(), [
      registered({ connection: 1, containerId: 1, incarnation: 'old' }),
      registered({ connection: 2, containerId: 1, incarnation: 'new' }),
      registered({ connection: 3, containerId: 1, incarnation: 'old' }),
    ]);
    assert.deepEqual(lines, [
      'publish 1 ACTIVE: 1/old',
      'refuse 1: container 1 registered again as new',
      'publish 2 ACTIVE: 1/new',
      'refuse 3: incarnation old has been replaced',
    ]);
  });

  it('believes the scheduler about which incarnation is the newest', () => {
    const [, lines] = play(start(), [
      registered({ connection: 1, containerId: 1, incarnation: 'old', startedIncarnation: 'new' }),
      registered({ connection: 2, containerId: 1, incarnation: 'new', startedIncarnation: 'new' }),
    ]);
    assert.deepEqual(lines, [
      'refuse 1: incarnation old is stale, the scheduler started new',
      'publish 1 ACTIVE: 1/new',
    ]);
  });

  it('refuses another topology and a container that is not planned', () => {
    const [, lines] = play(start(), [
      registered({ connection: 1, containerId: 1, incarnation: 'a', topologyId: 't-2' }),
      registered({ connection: 2, containerId: 9, incarnation: 'a' }),
    ]);
    assert.deepEqual(lines, [
      'refuse 1: topology t-2, this is the master of t-1',
      'refuse 2: container 9 is not in the packing plan',
    ]);
  });

  it('publishes a change of status or of containers once', () => {
    const [, lines] = play(start(), [
      registered({ connection: 1, containerId: 1, incarnation: 'a' }),
      { kind: 'status', status: 'INACTIVE' },
      { kind: 'status', status: 'INACTIVE' },
      { kind: 'containers', containerIds: [1] },
      { kind: 'containers', containerIds: [1] },
    ]);
    assert.deepEqual(lines, [
      'publish 1 ACTIVE: 1/a',
      'publish 2 INACTIVE: 1/a',
      'publish 3 INACTIVE complete: 1/a',
    ]);
  });

  it('begins above every epoch of an earlier lease, and above what a stream manager holds', () => {
    const [first] = play(start(7), [registered({ connection: 1, containerId: 1, incarnation: 'a' })]);
    assert.ok(start(8).epoch > first.epoch);
    const [, effects] = stepMaster(
      start(1),
      registered({ connection: 1, containerId: 1, incarnation: 'a', epochHeld: first.epoch }),
    );
    assert.equal((effects[0] as { plan: PhysicalPlan }).plan.epoch, first.epoch + 1);
  });

  it('publishes above the epoch of a lease that was lost and held again', () => {
    const [state] = play(start(1), [registered({ connection: 1, containerId: 1, incarnation: 'a' })]);
    const [, effects] = stepMaster(state, { kind: 'held', leaseEpoch: 5 });
    assert.equal((effects[0] as { plan: PhysicalPlan }).plan.epoch, start(5).epoch + 1);
  });

  it('publishes growing epochs and at most one address for each planned container, whatever happens', () => {
    const event: fc.Arbitrary<MasterEvent> = fc.oneof(
      {
        weight: 5,
        arbitrary: fc
          .record({
            connection: fc.integer({ min: 1, max: 8 }),
            containerId: fc.integer({ min: 0, max: 4 }),
            incarnation: fc.constantFrom('a', 'b', 'c'),
            epochHeld: fc.constantFrom(0, 2 ** 21),
          })
          .map(registered),
      },
      fc.record({
        kind: fc.constant('disconnected' as const),
        connection: fc.integer({ min: 1, max: 8 }),
        nowMs: fc.nat(20_000),
      }),
      fc.record({ kind: fc.constant('tick' as const), nowMs: fc.nat(20_000), graceMs: fc.constant(graceMs) }),
      fc.record({
        kind: fc.constant('status' as const),
        status: fc.constantFrom('ACTIVE' as const, 'KILLED' as const),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = start();
        for (const each of events) {
          const before = state.epoch;
          const [next, effects] = stepMaster(state, each);
          for (const effect of effects) {
            if (effect.kind !== 'publish') continue;
            assert.ok(effect.plan.epoch > before);
            const ids = effect.plan.streamManagers.map((address) => address.containerId);
            assert.deepEqual(
              ids,
              containerIds.filter((id) => ids.includes(id)),
            );
            assert.equal(effect.plan.isComplete, ids.length === containerIds.length);
          }
          state = next;
        }
      }),
    );
  });
});
