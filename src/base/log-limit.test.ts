import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { LineLimiter, limitedByPeer } from './log-limit.ts';

describe('LineLimiter', () => {
  it('writes three lines at once, then one a second, and one in 10 s while they keep coming', () => {
    const limiter = new LineLimiter();
    const written: number[] = [];
    let repeated = 0;
    for (let ms = 0; ms <= 60_000; ms += 10) {
      const line = limiter.take('call.refused', '10.0.0.1', ms);
      if (line === undefined) continue;
      written.push(ms);
      repeated += line.repeated;
    }
    assert.deepEqual(written, [0, 10, 20, 1000, 3000, 7000, 15_000, 25_000, 35_000, 45_000, 55_000]);
    assert.equal(repeated + written.length, 5501);
  });

  it('begins again for a peer that was quiet', () => {
    const limiter = new LineLimiter();
    for (let count = 0; count < 10; count++) limiter.take('call.refused', 'a', 0);
    assert.deepEqual(limiter.take('call.refused', 'a', 5000), { repeated: 7 });
    assert.equal(limiter.take('call.refused', 'a', 5001), undefined);
    assert.deepEqual(limiter.take('call.refused', 'a', 9000), { repeated: 1 });
    assert.deepEqual(limiter.take('call.refused', 'a', 30_000), { repeated: 0 });
    assert.deepEqual(limiter.take('call.refused', 'a', 30_001), { repeated: 0 });
  });

  it('limits each event and each peer on its own, and knows a bounded number of them', () => {
    const limiter = new LineLimiter();
    for (let count = 0; count < 10; count++) limiter.take('call.refused', 'a', 0);
    assert.ok(limiter.take('call.refused', 'b', 0));
    assert.ok(limiter.take('call.failed', 'a', 0));
    let written = 0;
    for (let count = 0; count < 100_000; count++)
      if (limiter.take('call.refused', `10.${count}`, 1) !== undefined) written += 1;
    assert.ok(limiter.size < 1010);
    assert.ok(written < 1010);
    assert.ok(limiter.take('call.refused', '10.100000', 60_000));
  });
});

describe('what a LineLimiter reports', () => {
  it('is every line that was left out, once, however they come', () => {
    const bursts = fc.array(
      fc.record({ peer: fc.constantFrom('a', 'b'), count: fc.nat(20), pauseMs: fc.nat(15_000) }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(bursts, (all) => {
        const limiter = new LineLimiter();
        const seen = new Map<string, number>();
        const add = (peer: string, count: number): void => void seen.set(peer, (seen.get(peer) ?? 0) + count);
        let nowMs = 0;
        const tick = (): void => {
          for (const { event, peer, repeated } of limiter.leftOut(nowMs)) {
            assert.ok(event === 'call.refused' && repeated > 0);
            add(peer, repeated);
          }
        };
        const given = new Map<string, number>();
        for (const { peer, count, pauseMs } of all) {
          for (let n = 0; n < count; n++) {
            given.set(peer, (given.get(peer) ?? 0) + 1);
            const line = limiter.take('call.refused', peer, nowMs);
            if (line !== undefined) add(peer, 1 + line.repeated);
          }
          for (const endMs = nowMs + pauseMs; nowMs < endMs; nowMs += 1000) tick();
        }
        for (const endMs = nowMs + 13_000; nowMs < endMs; nowMs += 1000) tick();
        assert.deepEqual(seen, given);
        assert.deepEqual(limiter.leftOut(nowMs, Number.NEGATIVE_INFINITY), []);
      }),
    );
  });
});

describe('limitedByPeer', () => {
  it('reports lines that were left out when a burst ends, and when its owner does, and then no more', () => {
    const clock = new ManualClock();
    const lines = recordingLog();
    const log = limitedByPeer(lines, clock);
    const burst = (count: number): void => {
      const nimbus = log.child({ service: 'Nimbus' });
      for (let n = 0; n < count; n++) nimbus.warn({ event: 'call.refused', remoteAddress: '10.0.0.1' });
    };
    const summaries = (): unknown[] => lines.lines.filter(({ event }) => event === 'lines.left-out');
    const summary = {
      service: 'Nimbus',
      event: 'lines.left-out',
      of: 'call.refused',
      remoteAddress: '10.0.0.1',
    };
    burst(100);
    assert.deepEqual(summaries(), []);
    clock.advance(2000);
    assert.deepEqual(summaries(), [{ ...summary, repeated: 97 }]);
    clock.advance(60_000);
    burst(5);
    log[Symbol.dispose]();
    log[Symbol.dispose]();
    assert.deepEqual(summaries().slice(1), [{ ...summary, repeated: 2 }]);
    burst(5);
    clock.advance(60_000);
    assert.equal(summaries().length, 2);
  });

  it('limits the lines that name a peer, and no others', () => {
    const clock = new ManualClock();
    const lines = recordingLog();
    const log = limitedByPeer(lines, clock).child({ service: 'Nimbus' });
    for (let count = 0; count < 100; count++) {
      log.info({ event: 'call.refused', remoteAddress: '10.0.0.1', count });
      log.info({ event: 'thing.happened' });
    }
    clock.advance(1000);
    log.info({ event: 'call.refused', remoteAddress: '10.0.0.1' });
    assert.equal(lines.lines.filter(({ event }) => event === 'thing.happened').length, 100);
    assert.deepEqual(
      lines.lines.filter(({ event }) => event === 'call.refused').map((line) => line['repeated'] ?? 0),
      [0, 0, 0, 97],
    );
  });
});
