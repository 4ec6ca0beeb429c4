import assert from 'node:assert/strict';
import { StreamManagers } from '../../testing/stream-managers.ts';

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
