import assert from 'node:assert/strict';
import { MemoryStore } from '../coordination/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { type ContainerSpec, keys, RecordStore, readable, recordOf } from './index.ts';

const container = { pid: 2, processStart: '1', incarnation: 'i', startedAtMs: 1, restarts: 0, lastExit: '' };

describe('RecordStore', () => {
  let state: MemoryStore;
  let store: RecordStore;
  beforeEach(() => {
    state = new MemoryStore(new ManualClock());
    store = new RecordStore(state);
  });

  it('reads what it wrote, with its version', async () => {
    const key = keys.container('t', 1);
    assert.equal(await store.read(key), undefined);
    assert.equal(await store.create(key, container), true);
    assert.equal(await store.create(key, container), false);
    assert.equal(await store.replace(key, 1, { ...container, restarts: 1 }), true);
    assert.equal(await store.replace(key, 1, container), false);
    const record = { ...container, restarts: 1 };
    assert.deepEqual(await store.read(key), { kind: 'read', record, version: 2 });
    assert.equal(await store.remove(key, 1), false);
    assert.equal(await store.remove(key, 2), true);
  });

  it('reads a damaged record as unreadable, with the reason and the version that removes it', async () => {
    const key = keys.container('t', 1);
    await state.put(key.path, { ...container, pid: 'two' });
    const found = await store.read(key);
    assert.deepEqual(found, {
      kind: 'unreadable',
      reason: 'pid is "two", expected an integer from 1 to 2147483647',
      version: 1,
    });
    assert.equal(recordOf(found), undefined);
    assert.equal(await store.remove(key, found.version), true);
  });

  it('lists the records of a group by their ids, the damaged ones among them', async () => {
    await store.put(keys.container('t', 1), container);
    await state.put(keys.container('t', 2).path, null);
    await store.put(keys.container('tt', 3), container);
    const found = await store.list(keys.containers('t'));
    assert.deepEqual(
      found.map(({ id, kind }) => [id, kind]),
      [
        ['1', 'read'],
        ['2', 'unreadable'],
      ],
    );
    assert.deepEqual(readable(found), [container]);
    const all = await store.list(keys.allContainers);
    assert.deepEqual(
      all.map(({ id }) => id),
      ['t/1', 't/2', 'tt/3'],
    );
  });

  it('keeps the newest records of a list', async () => {
    const error = (at: number) => ({ error: `e${at}`, timeSecs: at, host: 'h', port: 1 });
    for (const at of [1, 2, 3]) await store.append(keys.errors('t', 'words'), error(at), 2);
    assert.deepEqual(readable(await store.readAll(keys.errors('t', 'words'))), [error(2), error(3)]);
    assert.deepEqual(await store.listIds(keys.errorsOf('t')), ['words']);
  });

  it('checks what the holder of a lease publishes', async () => {
    const key = keys.master('t');
    assert.equal(await store.readLease(key), undefined);
    await state.holdLease(key.path, 'me', 1000, { host: 'h', port: 5 });
    assert.deepEqual(recordOf(await store.readLease(key)), { host: 'h', port: 5 });
    await state.holdLease(key.path, 'me', 1000, { host: 'h', port: 'x' });
    const lease = await store.readLease(key);
    assert.deepEqual([lease?.kind, lease?.holder], ['unreadable', 'me']);
    assert.equal(await store.releaseLease(key, 'me'), true);
  });

  it('tells a watcher the id of the record that changed', async () => {
    const changed: (string | undefined)[] = [];
    const watch = await store.watch(keys.topologies, (id) => changed.push(id));
    await state.put(keys.topology('t').path, {});
    await store.remove(keys.topology('t'));
    assert.deepEqual(changed, ['t', 't']);
    await watch[Symbol.asyncDispose]();
  });

  it('writes nothing under a lease that is not held', async () => {
    const lease = await state.holdLease(keys.leader.path, 'me', 1000, null);
    const fence = { leaseKey: keys.leader.path, epoch: lease.kind === 'held' ? lease.epoch : 0 };
    await store.fenced(fence).put(keys.container('t', 1), container);
    const late = store.fenced({ ...fence, epoch: fence.epoch - 1 });
    await assert.rejects(late.put(keys.container('t', 2), container), { code: 'LEASE_LOST' });
    assert.equal(await store.read(keys.container('t', 2)), undefined);
  });

  it('accepts a record of the type that its key names, and no other', () => {
    const wrong = (): Promise<unknown>[] => [
      // @ts-expect-error: a container's record has a pid, and more.
      store.put(keys.container('t', 1), { restarts: 1 }),
      // @ts-expect-error: the record of a topology is no container spec.
      store.put(keys.topology('t'), {} as ContainerSpec),
    ];
    assert.ok(wrong);
  });
});
