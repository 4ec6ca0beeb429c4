import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PackingPlan, PhysicalPlan } from '../../topology/index.ts';
import {
  initialMasterState,
  type MasterEffect,
  type MasterEvent,
  type MasterState,
  stepMaster,
} from './machine.ts';

const graceMs = 5000;
const containerIds = [1, 2, 3];

function packing(version: number, ids: readonly number[] = containerIds): PackingPlan {
  const containers = ids.map((containerId) => ({
    ...{ containerId, slotPort: 6700 + containerId, nodeId: 'n', hostname: 'h' },
  }));
  return { topologyId: 't-1', version, codeVersion: 0, containers, tasks: [] };
}

function start(leaseEpoch = 1): MasterState {
  const rebalances = { asked: 0, placed: 0 };
  return initialMasterState({ packing: packing(1), leaseEpoch, status: 'ACTIVE', rebalances });
}

interface RegistrationParts {
  readonly connection: number;
  readonly containerId: number;
  readonly incarnation: string;
  readonly epochHeld?: number;
  readonly packingHeld?: number;
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
      packingHeld: parts.packingHeld ?? 1,
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
  if (effect.kind === 'pack') return `pack ${effect.packing.version} to ${effect.connection ?? 'all'}`;
  const { epoch, isComplete, status, streamManagers } = effect.physical;
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

  it('publishes a change of status once', () => {
    const [, lines] = play(start(), [
      registered({ connection: 1, containerId: 1, incarnation: 'a' }),
      { kind: 'status', status: 'INACTIVE', rebalances: 0 },
      { kind: 'status', status: 'INACTIVE', rebalances: 0 },
    ]);
    assert.deepEqual(lines, ['publish 1 ACTIVE: 1/a', 'publish 2 INACTIVE: 1/a']);
  });

  const assigned = (version: number, ids: readonly number[], rebalances: number, nowMs = 0): MasterEvent => ({
    ...{ kind: 'assigned', packing: packing(version, ids), rebalances, nowMs, moveMsMax: 1000 },
  });
  const twoOfTwo = (): MasterState =>
    play({ ...start(), packing: packing(1, [1, 2]) }, [
      registered({ connection: 1, containerId: 1, incarnation: 'a' }),
      registered({ connection: 2, containerId: 2, incarnation: 'b' }),
    ])[0];

  it('pauses spouts until all containers have applied a new plan and the new container is there', () => {
    const [, lines] = play(twoOfTwo(), [
      { kind: 'status', status: 'REBALANCING', rebalances: 1 },
      assigned(2, [1, 2, 3], 1),
      assigned(2, [1, 2, 3], 1),
      { kind: 'status', status: 'ACTIVE', rebalances: 1 },
      { kind: 'took', connection: 2, version: 2 },
      registered({ connection: 3, containerId: 3, incarnation: 'c', packingHeld: 2 }),
      { kind: 'took', connection: 1, version: 2 },
      { kind: 'tick', nowMs: 5000, graceMs },
    ]);
    assert.deepEqual(lines, [
      'publish 3 REBALANCING complete: 1/a 2/b',
      'pack 2 to all',
      'publish 4 REBALANCING: 1/a 2/b',
      'publish 5 REBALANCING complete: 1/a 2/b 3/c',
      'publish 6 ACTIVE complete: 1/a 2/b 3/c',
    ]);
  });

  it('resumes spouts after the limit although a container is missing', () => {
    const [, lines] = play(twoOfTwo(), [
      assigned(2, [1, 2, 3], 0),
      { kind: 'took', connection: 1, version: 2 },
      { kind: 'took', connection: 2, version: 2 },
      { kind: 'tick', nowMs: 999, graceMs },
      { kind: 'tick', nowMs: 1000, graceMs },
    ]);
    assert.deepEqual(lines, ['pack 2 to all', 'publish 3 REBALANCING: 1/a 2/b', 'publish 4 ACTIVE: 1/a 2/b']);
  });

  it('keeps spouts paused until it has the plan that the record asks for', () => {
    const [, lines] = play(twoOfTwo(), [
      { kind: 'status', status: 'ACTIVE', rebalances: 1 },
      assigned(1, [1, 2], 1),
    ]);
    assert.deepEqual(lines, [
      'publish 3 REBALANCING complete: 1/a 2/b',
      'publish 4 ACTIVE complete: 1/a 2/b',
    ]);
  });

  it('names a container that was left out only while it is connected', () => {
    const [, lines] = play(twoOfTwo(), [
      assigned(2, [1], 1),
      { kind: 'took', connection: 1, version: 2 },
      { kind: 'disconnected', connection: 2, nowMs: 10 },
      registered({ connection: 5, containerId: 2, incarnation: 'b', packingHeld: 2 }),
    ]);
    assert.deepEqual(lines, [
      'pack 2 to all',
      'publish 3 REBALANCING complete: 1/a 2/b',
      'publish 4 ACTIVE complete: 1/a 2/b',
      'publish 5 ACTIVE complete: 1/a',
      'refuse 5: container 2 is not in the packing plan',
    ]);
  });

  it('sends the newer plan to a container with an older one, and never returns to an older one itself', () => {
    const [state, lines] = play(twoOfTwo(), [
      assigned(3, [1, 2], 1),
      assigned(2, [1], 1),
      registered({ connection: 7, containerId: 1, incarnation: 'a', packingHeld: 1 }),
    ]);
    assert.equal(state.packing.version, 3);
    assert.deepEqual(lines, [
      'pack 3 to all',
      'publish 3 REBALANCING complete: 1/a 2/b',
      'refuse 1: container 1 registered again as a',
      'pack 3 to 7',
      'publish 4 REBALANCING complete: 1/a 2/b',
    ]);
  });

  it('publishes KILLED while tasks move', () => {
    const [, lines] = play(twoOfTwo(), [
      assigned(2, [1, 2, 3], 1),
      { kind: 'status', status: 'KILLED', rebalances: 1 },
    ]);
    assert.equal(lines.at(-1), 'publish 4 KILLED: 1/a 2/b');
  });

  it('starts above every epoch of an earlier lease, and above what a stream manager holds', () => {
    const [first] = play(start(7), [registered({ connection: 1, containerId: 1, incarnation: 'a' })]);
    assert.ok(start(8).epoch > first.epoch);
    const [, effects] = stepMaster(
      start(1),
      registered({ connection: 1, containerId: 1, incarnation: 'a', epochHeld: first.epoch }),
    );
    assert.equal((effects[0] as { physical: PhysicalPlan }).physical.epoch, first.epoch + 1);
  });

  it('publishes above the epoch of a lease that was lost and held again', () => {
    const [state] = play(start(1), [registered({ connection: 1, containerId: 1, incarnation: 'a' })]);
    const [, effects] = stepMaster(state, { kind: 'held', leaseEpoch: 5 });
    assert.equal((effects[0] as { physical: PhysicalPlan }).physical.epoch, start(5).epoch + 1);
  });

  it('sends a packing plan that came while the lease was in doubt once the lease is held again', () => {
    const [state] = play(start(), [
      registered({ connection: 1, containerId: 1, incarnation: 'a' }),
      registered({ connection: 2, containerId: 2, incarnation: 'b' }),
      registered({ connection: 3, containerId: 3, incarnation: 'c' }),
      { kind: 'assigned', packing: packing(2), rebalances: 0, nowMs: 0, moveMsMax: 1000 },
      { kind: 'took', connection: 2, version: 2 },
      { kind: 'disconnected', connection: 3, nowMs: 1 },
    ]);
    const [, effects] = stepMaster(state, { kind: 'held', leaseEpoch: 1 });
    assert.deepEqual(effects.map(describeEffect), [
      'pack 2 to 1',
      'publish 5 REBALANCING complete: 1/a 2/b 3/c',
    ]);
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
        rebalances: fc.nat(2),
      }),
      fc
        .record({ version: fc.nat(4), rebalances: fc.nat(2), nowMs: fc.nat(20_000) })
        .map(({ version, rebalances, nowMs }) => assigned(version, containerIds, rebalances, nowMs)),
      fc.record({
        kind: fc.constant('took' as const),
        connection: fc.integer({ min: 1, max: 8 }),
        version: fc.nat(4),
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
            assert.ok(effect.physical.epoch > before);
            const ids = effect.physical.streamManagers.map((address) => address.containerId);
            assert.deepEqual(
              ids,
              containerIds.filter((id) => ids.includes(id)),
            );
            assert.equal(effect.physical.isComplete, ids.length === containerIds.length);
          }
          state = next;
        }
      }),
    );
  });
});
