import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock, systemRandom, waitFor } from '../base/index.ts';
import {
  type Fence,
  MemoryStore,
  openRedisStore,
  type PrivateRedis,
  type StateStore,
  type StateWrites,
  startPrivateRedis,
} from './index.ts';

const settings = { clock: systemClock, random: systemRandom, log: silentLog };

/** What every state store does. The twin in memory is worth as much as it passes here beside the real one. */
function contract(name: string, open: () => Promise<StateStore>): void {
  describe(`the state store in ${name}`, () => {
    let store: StateStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store.removeAll('');
      await store.close();
    });

    it('creates a record once, and tells the loser what is there', async () => {
      const results = await Promise.all([1, 2, 3].map((value) => store.create('a', { value })));
      assert.deepEqual(
        results.map((result) => result.kind),
        ['written', 'conflict', 'conflict'],
      );
      assert.deepEqual(results[1], { kind: 'conflict', found: { version: 1, value: { value: 1 } } });
      assert.deepEqual(await store.read('a'), { version: 1, value: { value: 1 } });
      assert.equal(await store.read('b'), undefined);
    });

    it('replaces only the version that was read', async () => {
      await store.create('a', 'one');
      assert.deepEqual(await store.replace('a', 1, 'two'), { kind: 'written', version: 2 });
      assert.deepEqual(await store.replace('a', 1, 'three'), {
        kind: 'conflict',
        found: { version: 2, value: 'two' },
      });
      assert.deepEqual(await store.replace('b', 1, 'x'), { kind: 'conflict', found: undefined });
    });

    it('keeps every kind of JSON as it is', async () => {
      const values = [
        null,
        true,
        0,
        -1.5,
        '',
        'a"b\u0000\n\u{1f426}',
        [],
        {},
        [1, [null]],
        { 'k.é': { v: [] } },
      ];
      for (const [index, value] of values.entries()) await store.put(`v/${index}`, value);
      assert.deepEqual(
        (await store.list('v/')).map((record) => record.value),
        values,
      );
    });

    it('puts over whatever is there and counts versions on', async () => {
      await store.put('a', 1);
      await store.put('a', 2);
      assert.deepEqual(await store.read('a'), { version: 2, value: 2 });
    });

    it('lists what begins with a prefix, in the order of bytes', async () => {
      for (const key of ['p/b', 'p/a', 'p', 'q', 'p/\u{10000}', 'p/\uffff', 'p/a/1'])
        await store.put(key, key);
      assert.deepEqual(
        (await store.list('p/')).map((record) => record.key),
        ['p/a', 'p/a/1', 'p/b', 'p/\uffff', 'p/\u{10000}'],
      );
      assert.equal((await store.list('')).length, 7);
      assert.deepEqual(await store.list('x'), []);
    });

    it('removes a record, or only a version of it', async () => {
      await store.put('a', 1);
      assert.equal(await store.remove('a', 7), false);
      assert.equal(await store.remove('a', 1), true);
      assert.equal(await store.remove('a', 1), false);
      assert.equal(await store.remove('a'), false);
      assert.deepEqual(await store.create('a', 2), { kind: 'written', version: 1 });
      assert.equal(await store.remove('a'), true);
    });

    it('forgets a record that was not written again in time, and keeps one that was', async () => {
      await store.put('short', 1, { expireMs: 60 });
      await store.put('kept', 1, { expireMs: 60 });
      await store.put('kept', 2);
      assert.equal((await store.list('')).length, 2);
      await until(async () => (await store.read('short')) === undefined);
      assert.deepEqual(
        (await store.list('')).map((record) => record.key),
        ['kept'],
      );
      assert.deepEqual(await store.create('short', 2), { kind: 'written', version: 1 });
    });

    it('keeps the newest of a list', async () => {
      for (let value = 0; value < 5; value++) await store.append('errors/t/c', value, 3);
      await store.append('errors/t/d', 'x', 3);
      assert.deepEqual(await store.readAll('errors/t/c'), [2, 3, 4]);
      assert.deepEqual(await store.readAll('errors/t/none'), []);
      assert.deepEqual(await store.listKeys('errors/t/'), ['errors/t/c', 'errors/t/d']);
      assert.deepEqual(await store.listKeys('errors/u/'), []);
    });

    it('removes records, lists and leases under a prefix and nothing else', async () => {
      await store.put('t/1', 1);
      await store.put('u/1', 1);
      await store.append('t/errors', 1, 3);
      await store.holdLease('t/lease', 'me', 60_000, null);
      assert.equal(await store.removeAll('t/'), 3);
      assert.equal(await store.removeAll('t/'), 0);
      assert.deepEqual(await store.listKeys(''), []);
      assert.equal(await store.readLease('t/lease'), undefined);
      assert.deepEqual(
        (await store.list('')).map((record) => record.key),
        ['u/1'],
      );
    });

    it('removes a list or a lease by its key', async () => {
      await store.append('list', 1, 3);
      await store.holdLease('lease', 'me', 60_000, null);
      assert.equal(await store.remove('list'), true);
      assert.equal(await store.remove('lease'), true);
      assert.deepEqual(await store.readAll('list'), []);
      assert.equal(await store.readLease('lease'), undefined);
    });

    it('tells watchers of each write and removal under their prefix, and of nothing else', async () => {
      const seen: (string | undefined)[] = [];
      const watch = await store.watch('t/', (key) => seen.push(key));
      await store.create('t/1', 1);
      await store.create('t/1', 1);
      await store.replace('t/1', 1, 2);
      await store.replace('t/1', 1, 3);
      await store.put('t/2', 1);
      await store.put('t/heartbeat', 1, { expireMs: 60_000 });
      await store.append('t/list', 1, 3);
      await store.put('u/1', 1);
      await store.remove('t/2');
      await store.remove('t/2');
      await store.removeAll('t/1');
      await store.put('t/last', 1);
      await until(() => seen.includes('t/last'));
      assert.deepEqual(seen, ['t/1', 't/1', 't/2', 't/2', 't/1', 't/last']);
      await watch[Symbol.asyncDispose]();
      await watch[Symbol.asyncDispose]();
      const other: (string | undefined)[] = [];
      await store.watch('t/', (key) => other.push(key));
      await store.put('t/later', 1);
      await until(() => other.length > 0);
      assert.equal(seen.length, 6);
    });

    it('gives a lease to one holder, and to the next under a higher epoch', async () => {
      const first = await store.holdLease('l', 'one', 60_000, { port: 1 });
      assert.equal(first.kind, 'held');
      const refused = await store.holdLease('l', 'two', 60_000, { port: 2 });
      assert.ok(refused.kind === 'refused' && refused.holder === 'one');
      assert.ok(refused.remainingMs > 50_000 && refused.remainingMs <= 60_000);
      assert.deepEqual(await store.holdLease('l', 'one', 60_000, { port: 3 }), first);
      const { remainingMs, ...read } = (await store.readLease('l'))!;
      assert.deepEqual(read, { holder: 'one', epoch: epochOf(first), value: { port: 3 } });
      assert.ok(remainingMs > 50_000 && remainingMs <= 60_000);
      assert.equal(await store.releaseLease('l', 'two'), false);
      assert.equal(await store.releaseLease('l', 'one'), true);
      assert.equal(await store.releaseLease('l', 'one'), false);
      assert.equal(await store.readLease('l'), undefined);
      const second = await store.holdLease('l', 'two', 60_000, null);
      assert.ok(epochOf(second) > epochOf(first));
    });

    it('lets a lease run out, and gives even its old holder a new epoch then', async () => {
      const first = await store.holdLease('l', 'one', 40, null);
      await until(async () => (await store.readLease('l')) === undefined);
      assert.equal(await store.releaseLease('l', 'one'), false);
      const second = await store.holdLease('l', 'one', 40, null);
      assert.ok(epochOf(second) > epochOf(first));
      await until(async () => (await store.holdLease('l', 'two', 60_000, null)).kind === 'held');
    });

    it('never repeats an epoch within a second, however often the holder changes', async () => {
      const epochs: number[] = [];
      for (let turn = 0; turn < 30; turn++) {
        epochs.push(epochOf(await store.holdLease('l', `holder ${turn}`, 60_000, null)));
        await store.releaseLease('l', `holder ${turn}`);
      }
      assert.deepEqual(
        epochs,
        [...new Set(epochs)].sort((one, other) => one - other),
      );
    });

    it('tells watchers of a new epoch, a new value and a release of a lease, not of renewals', async () => {
      const seen: (string | undefined)[] = [];
      await store.watch('l', (key) => seen.push(key));
      await store.holdLease('l', 'one', 60_000, 1);
      await store.holdLease('l', 'one', 60_000, 1);
      await store.holdLease('l', 'two', 60_000, 1);
      await store.holdLease('l', 'one', 60_000, 2);
      await store.releaseLease('l', 'one');
      await store.put('last', 1);
      await until(() => seen.includes('last'));
      assert.deepEqual(seen, ['l', 'l', 'l', 'last']);
    });

    describe('writes under a lease', () => {
      const writesOf: Readonly<Record<string, (writes: StateWrites) => Promise<unknown>>> = {
        put: (writes) => writes.put('a', 'late'),
        'put with an end': (writes) => writes.put('a', 'late', { expireMs: 60_000 }),
        remove: (writes) => writes.remove('a'),
        removeAll: (writes) => writes.removeAll('a'),
        append: (writes) => writes.append('list', 'late', 9),
      };
      beforeEach(async () => {
        await store.put('a', 'mine');
        await store.append('list', 'mine', 9);
      });

      const assertRefused = async (fence: Fence): Promise<void> => {
        for (const [what, write] of Object.entries(writesOf)) {
          await assert.rejects(write(store.fenced(fence)), { code: 'LEASE_LOST' }, what);
        }
        assert.deepEqual(await store.read('a'), { version: 1, value: 'mine' });
        assert.deepEqual(await store.readAll('list'), ['mine']);
      };

      it('are taken while the lease is held under that epoch', async () => {
        const writes = store.fenced({
          leaseKey: 'l',
          epoch: epochOf(await store.holdLease('l', 'one', 60_000, null)),
        });
        await writes.put('a', 'new');
        await writes.append('list', 'new', 9);
        assert.deepEqual(await store.read('a'), { version: 2, value: 'new' });
        assert.deepEqual(await store.readAll('list'), ['mine', 'new']);
        assert.equal(await writes.remove('a'), true);
        assert.equal(await writes.removeAll('list'), 1);
        await store.holdLease('l', 'one', 60_000, null);
        await writes.put('a', 'after a renewal');
      });

      it('are refused when another has the lease, and change nothing', async () => {
        const epoch = epochOf(await store.holdLease('l', 'one', 60_000, null));
        await store.releaseLease('l', 'one');
        await store.holdLease('l', 'two', 60_000, null);
        await assertRefused({ leaseKey: 'l', epoch });
      });

      it('are refused when the lease has run out, been released, removed or never been', async () => {
        const ofShort = epochOf(await store.holdLease('short', 'one', 1, null));
        await until(async () => (await store.readLease('short')) === undefined);
        await assertRefused({ leaseKey: 'short', epoch: ofShort });
        const ofReleased = epochOf(await store.holdLease('released', 'one', 60_000, null));
        await store.releaseLease('released', 'one');
        await assertRefused({ leaseKey: 'released', epoch: ofReleased });
        const ofRemoved = epochOf(await store.holdLease('removed', 'one', 60_000, null));
        await store.remove('removed');
        await assertRefused({ leaseKey: 'removed', epoch: ofRemoved });
        await assertRefused({ leaseKey: 'never', epoch: 0 });
      });

      it('are refused when the holder let it run out and took it again: it may have slept meanwhile', async () => {
        const before = epochOf(await store.holdLease('l', 'one', 1, null));
        await until(async () => (await store.readLease('l')) === undefined);
        const after = epochOf(await store.holdLease('l', 'one', 60_000, null));
        assert.notEqual(before, after);
        await assertRefused({ leaseKey: 'l', epoch: before });
        await store.fenced({ leaseKey: 'l', epoch: after }).put('a', 'new');
      });
    });

    it('rejects calls after its close, naming the key', async () => {
      const closed = await open();
      await closed.close();
      await closed.close();
      await assert.rejects(closed.put('some/key', 1), { code: 'STATE_UNAVAILABLE', message: /some\/key/ });
    });
  });
}

function epochOf(result: Awaited<ReturnType<StateStore['holdLease']>>): number {
  assert(result.kind === 'held');
  return result.epoch;
}

async function until(probe: () => boolean | Promise<boolean>): Promise<void> {
  await waitFor('the condition', async () => ((await probe()) ? true : undefined), {
    clock: systemClock,
    limitMs: 5000,
  });
}

contract('memory', () => Promise.resolve(new MemoryStore(systemClock)));

describe('redis', () => {
  let dir: string;
  let redis: PrivateRedis;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'egret-store-'));
    redis = await startPrivateRedis({ dir, ...settings });
  });
  after(async () => {
    await redis.close();
    rmSync(dir, { recursive: true, force: true });
  });
  contract('Redis', () => openRedisStore({ url: redis.url, keyPrefix: 'contract:', ...settings }));

  it('reads as null what is not JSON, and all else as ever', async () => {
    const store = await openRedisStore({ url: redis.url, keyPrefix: 'damaged:', ...settings });
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.url.replace('unix:', ''));
    try {
      await store.put('a/1', { half: 1 });
      await store.put('a/2', 2);
      await store.append('l', 1, 9);
      await client.hset('damaged:record:a/1', 'value', '{"half":');
      await client.lpush('damaged:list:l', 'x');
      assert.deepEqual(
        (await store.list('a/')).map(({ value }) => value),
        [null, 2],
      );
      assert.equal((await store.read('a/1'))!.value, null);
      assert.deepEqual(await store.readAll('l'), [null, 1]);
      assert.ok(await store.remove('a/1', 1));
    } finally {
      client.disconnect();
      await store.close();
    }
  });
});
