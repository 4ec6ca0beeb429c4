import assert from 'node:assert/strict';
import { GatewayError, nextTurn } from '../base/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { LeaseKeeper, type LeaseKeeperOptions, type LeaseNews, MemoryStore } from './index.ts';

const key = 'masters/t';
const ttlMs = 90;

describe('LeaseKeeper', () => {
  let clock: ManualClock;
  let store: MemoryStore;
  beforeEach(() => {
    clock = new ManualClock();
    store = new MemoryStore(clock);
  });

  function keeper(holder: string, more: Partial<LeaseKeeperOptions> = {}) {
    const news: LeaseNews[] = [];
    const log = recordingLog();
    const kept = new LeaseKeeper({
      ...{ store, key, holder, ttlMs, clock, log },
      onNews: (each) => void news.push(each),
      ...more,
    });
    const kinds = (): string[] => news.map(({ kind }) => kind);
    return { kept, news, kinds, log };
  }

  async function pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 10) {
      clock.advance(10);
      await nextTurn();
    }
  }
  const signal = new AbortController().signal;

  it('waits for the lease until its holder lets it run out, and gets a higher epoch', async () => {
    const held = await store.holdLease(key, 'one', ttlMs, null);
    const { kept, kinds } = keeper('two');
    const acquiring = kept.acquire(signal);
    await pass(ttlMs - 10);
    assert.deepEqual(kinds(), []);
    await pass(40);
    assert.ok((await acquiring) > (held.kind === 'held' ? held.epoch : 0));
    assert.ok(kept.isHeld);
    await kept.close();
  });

  it('renews: no other holder gets it while the store answers, and its epoch stays', async () => {
    const { kept, news } = keeper('one');
    const epoch = await kept.acquire(signal);
    await pass(10 * ttlMs);
    assert.equal((await store.holdLease(key, 'two', ttlMs, null)).kind, 'refused');
    assert.deepEqual(news, [{ kind: 'held', epoch }]);
    assert.deepEqual(kept.fence, { leaseKey: key, epoch });
    await kept.close();
  });

  it('is in doubt while the store is away beyond its life, and held under a higher epoch afterwards', async () => {
    const { kept, news, kinds, log } = keeper('one');
    const epoch = await kept.acquire(signal);
    store.setAway(true);
    await pass(ttlMs - 10);
    assert.deepEqual([kinds(), kept.isHeld], [['held'], true]);
    await pass(2 * ttlMs);
    assert.deepEqual([kinds(), kept.isHeld], [['held', 'doubtful'], false]);
    assert.throws(() => kept.fence, { code: 'LEASE_LOST' });
    store.setAway(false);
    await pass(ttlMs);
    const last = news.at(-1)!;
    assert.ok(last.kind === 'held' && last.epoch > epoch);
    assert.deepEqual(
      log.lines.map(({ event }) => event).filter((event) => event === 'lease.unanswered'),
      ['lease.unanswered'],
    );
    await kept.close();
  });

  it('is not held once its life is over, though the store has not said so yet', async () => {
    const { kept, kinds } = keeper('one');
    await kept.acquire(signal);
    clock.jump(ttlMs);
    assert.deepEqual([kinds(), kept.isHeld], [['held'], false]);
    await nextTurn();
    assert.deepEqual([kinds(), kept.isHeld], [['held', 'held'], true]);
    await kept.close();
  });

  it('asks again at once when an answer took the whole life of the lease', async () => {
    const { kept, kinds } = keeper('one');
    await kept.acquire(signal);
    clock.advance(2 * ttlMs); // the renewal is asked at a third of the life, and answered at the end
    assert.equal(kept.isHeld, false);
    await nextTurn();
    assert.deepEqual([kinds(), kept.isHeld], [['held', 'held'], true]);
    await kept.close();
  });

  it('says who holds it when it is lost, and seeks it again', async () => {
    const { kept, news, kinds } = keeper('one');
    await kept.acquire(signal);
    await store.releaseLease(key, 'one');
    await store.holdLease(key, 'usurper', ttlMs, null);
    await pass(40);
    assert.deepEqual(news.at(-1), { kind: 'lost', holder: 'usurper' });
    assert.throws(() => kept.fence, { code: 'LEASE_LOST' });
    await pass(2 * ttlMs);
    assert.deepEqual(kinds(), ['held', 'lost', 'held']);
    await kept.close();
  });

  it('takes it over at once from a holder that is dead', async () => {
    await store.holdLease(key, 'dead', 60_000, null);
    const { kept } = keeper('one', { isDead: (holder) => holder === 'dead' });
    await kept.acquire(signal);
    assert.equal((await store.readLease(key))?.holder, 'one');
    await kept.close();
  });

  it('asks at once when its holder doubts it', async () => {
    const { kept, kinds } = keeper('one');
    await kept.acquire(signal);
    await store.releaseLease(key, 'one');
    await store.holdLease(key, 'usurper', 60_000, null);
    await kept.ask();
    assert.deepEqual(kinds(), ['held', 'lost']);
    await kept.close();
  });

  it('keeps a lease that was taken before', async () => {
    const taken = await store.holdLease(key, 'one', ttlMs, null);
    const { kept, kinds } = keeper('one');
    kept.adopt(taken.kind === 'held' ? taken.epoch : 0);
    await pass(10 * ttlMs);
    assert.equal((await store.readLease(key))?.holder, 'one');
    assert.deepEqual(kinds(), []);
    await kept.close();
  });

  it('rejects with the reason when it is no longer wanted', async () => {
    await store.holdLease(key, 'other', 60_000, null);
    const ending = new AbortController();
    const { kept } = keeper('one');
    const acquiring = kept.acquire(ending.signal);
    ending.abort(new GatewayError('ABORTED', 'enough'));
    await assert.rejects(acquiring, /enough/);
    await kept.close();
  });

  it('releases the lease when it is closed, asks no more, and closes though the store is away', async () => {
    const { kept } = keeper('one');
    await kept.acquire(signal);
    await kept.close();
    await kept.close();
    assert.equal(await store.readLease(key), undefined);
    await pass(10 * ttlMs);
    assert.equal(await store.readLease(key), undefined);
    const { kept: other, log } = keeper('two');
    await other.acquire(signal);
    store.setAway(true);
    await other.close();
    assert.ok(log.lines.some(({ event }) => event === 'lease.not-released'));
  });
});
