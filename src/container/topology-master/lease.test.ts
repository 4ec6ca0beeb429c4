import assert from 'node:assert/strict';
import { GatewayError, silentLog, systemClock } from '../../base/index.ts';
import { MemoryStore } from '../../coordination/memory-store.ts';
import { StreamManagers, until } from '../../testing/stream-managers.ts';
import { acquireLease, keepLease } from './lease.ts';

describe('the lease of a topology master', () => {
  const options = (store: MemoryStore, holder: string, signal: AbortSignal) => ({
    ...{
      store,
      holder,
      signal,
      key: 'masters/t',
      value: null,
      ttlMs: 90,
      clock: systemClock,
      log: silentLog,
    },
  });

  it('is waited for until the holder lets it run out, and grows in epoch', async () => {
    const store = new MemoryStore(systemClock);
    const { signal } = new AbortController();
    const first = await acquireLease(options(store, 'one', signal));
    const second = await acquireLease(options(store, 'two', signal));
    assert.ok(second > first);
  });

  it('is in doubt while the store is away beyond its life, and held under a higher epoch afterwards', async () => {
    const store = new MemoryStore(systemClock);
    const ending = new AbortController();
    const epoch = await acquireLease(options(store, 'one', ending.signal));
    const events: (string | number)[] = [];
    const kept = keepLease({
      ...options(store, 'one', ending.signal),
      epoch,
      onDoubt: () => void events.push('doubt'),
      onHeld: (held) => void events.push(held),
    });
    store.setAway(true);
    await until('doubt', () => events.length === 1);
    store.setAway(false);
    await until('an end of it', () => events.length === 2);
    assert.deepEqual([events[0], Number(events[1]) > epoch], ['doubt', true]);
    ending.abort(new GatewayError('ABORTED', 'enough'));
    await assert.rejects(kept, /enough/);
  });

  it('rejects with the reason when it is no longer wanted', async () => {
    const store = new MemoryStore(systemClock);
    await store.holdLease('masters/t', 'other', 60_000, null);
    const ending = new AbortController();
    const acquiring = acquireLease(options(store, 'one', ending.signal));
    ending.abort(new GatewayError('ABORTED', 'enough'));
    await assert.rejects(acquiring, /enough/);
  });
});

describe('TopologyMaster', () => {
  it('stops publishing once another has its lease, and says so', async () => {
    await using cluster = new StreamManagers({ tasks: { 1: [1] } });
    const master = await cluster.startMaster();
    const lost = master.run(new AbortController().signal);
    await cluster.store.releaseLease(
      'masters/test-1',
      (await cluster.store.readLease('masters/test-1'))!.holder,
    );
    await cluster.store.holdLease('masters/test-1', 'usurper', 60_000, null);
    assert.match(await lost, /is held by usurper/);
    const before = master.physical;
    master.statusChanged('KILLED');
    assert.notEqual(master.physical, before);
    assert.equal(await cluster.store.read('plans/test-1'), undefined);
  });
});
