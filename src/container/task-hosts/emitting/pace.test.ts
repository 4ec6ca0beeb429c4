import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { OutputThrottle } from './output-throttle.ts';
import { mayEmit, openPace, type PaceEvent, type PaceState, stepPace, waitMs } from './pace.ts';
import { TokenBucket } from './token-bucket.ts';

const high = 32_768;
const low = high / 2;

/**
 * A spout that could emit `spoutPerSec`, before a bolt that takes what `boltPerSec` says, in steps of 1 ms.
 */
function simulate(options: {
  readonly spoutPerSec: number;
  readonly boltPerSec: (second: number) => number;
  readonly seconds: number;
}): { readonly emitted: number[]; readonly executed: number[]; readonly queueMax: number; state: PaceState } {
  let state = openPace(0);
  let queue = 0;
  let queueMax = 0;
  let isHigh = false;
  let credit = 0;
  let emits = 0;
  const emitted: number[] = [];
  const executed: number[] = [];
  const tell = (
    event: { kind: 'pressured' | 'relieved' | 'tick' } | { kind: 'load'; load: number },
    ms: number,
  ) => {
    state = stepPace(state, { ...event, nowMs: ms, emits });
    emits = 0;
  };
  for (let ms = 0; ms < options.seconds * 1000; ms++) {
    const second = Math.floor(ms / 1000);
    for (let i = 0; i < options.spoutPerSec / 1000 && !isHigh; i++) {
      if (state.mode !== 'open') tell({ kind: 'tick' }, ms);
      if (!mayEmit(state)) break;
      queue++;
      emits++;
      emitted[second] = (emitted[second] ?? 0) + 1;
    }
    credit += options.boltPerSec(second) / 1000;
    const done = Math.min(queue, Math.floor(credit));
    credit = queue === 0 ? 0 : credit - done;
    queue -= done;
    executed[second] = (executed[second] ?? 0) + done;
    queueMax = Math.max(queueMax, queue);
    const was: boolean = isHigh;
    isHigh = isHigh ? queue > low : queue >= high;
    if (was !== isHigh) tell({ kind: isHigh ? 'pressured' : 'relieved' }, ms);
    if (ms % 1000 === 999) tell({ kind: 'load', load: Math.min(1, queue / high) }, ms);
  }
  return { emitted, executed, queueMax, state };
}

describe('the pace of a spout', () => {
  it('tells this story', () => {
    let state = openPace(0);
    const lines: string[] = [];
    const tell = (event: PaceEvent): void => {
      state = stepPace(state, event);
      const rate = state.mode === 'paced' ? ` ${Math.round(state.perSec)}/s` : '';
      const what = event.kind === 'load' ? `load ${event.load}` : event.kind;
      lines.push(`${event.nowMs} ms, ${event.emits} emitted, ${what}: ${state.mode}${rate}`);
    };
    tell({ kind: 'tick', nowMs: 1000, emits: 10_000 });
    tell({ kind: 'pressured', nowMs: 2000, emits: 10_000 });
    tell({ kind: 'pressured', nowMs: 2500, emits: 0 });
    tell({ kind: 'relieved', nowMs: 20_000, emits: 0 });
    tell({ kind: 'load', load: 0.5, nowMs: 20_000, emits: 0 });
    tell({ kind: 'tick', nowMs: 21_000, emits: 1000 });
    tell({ kind: 'load', load: 0.75, nowMs: 22_000, emits: 1200 });
    tell({ kind: 'load', load: 0.72, nowMs: 23_000, emits: 600 });
    tell({ kind: 'load', load: 0.4, nowMs: 24_000, emits: 600 });
    tell({ kind: 'tick', nowMs: 25_000, emits: 600 });
    tell({ kind: 'tick', nowMs: 26_000, emits: 700 });
    tell({ kind: 'tick', nowMs: 27_000, emits: 900 });
    tell({ kind: 'tick', nowMs: 40_000, emits: 0 });
    tell({ kind: 'relieved', nowMs: 40_000, emits: 0 });
    assert.deepEqual(lines, [
      '1000 ms, 10000 emitted, tick: open',
      '2000 ms, 10000 emitted, pressured: held',
      '2500 ms, 0 emitted, pressured: held',
      '20000 ms, 0 emitted, relieved: paced 1000/s',
      '20000 ms, 0 emitted, load 0.5: paced 1000/s',
      '21000 ms, 1000 emitted, tick: paced 1100/s',
      '22000 ms, 1200 emitted, load 0.75: paced 600/s',
      '23000 ms, 600 emitted, load 0.72: paced 600/s',
      '24000 ms, 600 emitted, load 0.4: paced 600/s',
      '25000 ms, 600 emitted, tick: paced 720/s',
      '26000 ms, 700 emitted, tick: paced 960/s',
      '27000 ms, 900 emitted, tick: paced 1440/s',
      '40000 ms, 0 emitted, tick: open',
      '40000 ms, 0 emitted, relieved: open',
    ]);
  });

  it('feeds a bolt a hundred times slower evenly and never lets it run dry or the queue pass its high mark', () => {
    const { emitted, executed, queueMax } = simulate({
      spoutPerSec: 20_000,
      boltPerSec: () => 200,
      seconds: 400,
    });
    assert.ok(queueMax <= high + 1, `${queueMax}`);
    const late = emitted.slice(250);
    assert.equal(late.length, 150, 'it emits in every second');
    assert.ok(Math.max(...late) < 5 * 200, `at most ${Math.max(...late)} in a second`);
    assert.ok(
      executed.slice(10).every((each) => each >= 198),
      'the bolt always has work',
    );
  });

  it('is at full speed again within seconds once the bolt keeps up', () => {
    const { emitted } = simulate({
      spoutPerSec: 20_000,
      boltPerSec: (second) => (second < 100 ? 200 : 100_000),
      seconds: 130,
    });
    const fullFrom = emitted.findIndex((count, second) => second >= 100 && count >= 19_000);
    assert.ok(fullFrom > 0 && fullFrom <= 120, `full speed from second ${fullFrom}`);
  });

  it('emits nothing while held, no more than its rate while paced, and knows when it may resume', () => {
    const event = fc.record({
      kind: fc.constantFrom('pressured' as const, 'relieved' as const, 'tick' as const, 'load' as const),
      afterMs: fc.integer({ min: 0, max: 3000 }),
      emits: fc.integer({ min: 0, max: 500 }),
      load: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = openPace(0);
        let nowMs = 0;
        let isPressured = false;
        for (const { afterMs, ...rest } of events) {
          nowMs += afterMs;
          if (rest.kind === 'pressured') isPressured = true;
          if (rest.kind === 'relieved') isPressured = false;
          const emits = mayEmit(state) ? rest.emits : 0;
          state = stepPace(state, { ...rest, nowMs, emits });
          assert.equal(state.mode === 'held', isPressured);
          if (isPressured) assert.equal(mayEmit(state), false);
          const wait = waitMs(state);
          if (isPressured) assert.equal(wait, undefined);
          else assert.equal(mayEmit(stepPace(state, { kind: 'tick', nowMs: nowMs + wait!, emits: 0 })), true);
        }
        // Whatever came before: without pressure it is open again in the end.
        if (isPressured) state = stepPace(state, { kind: 'relieved', nowMs, emits: 0 });
        state = stepPace(state, { kind: 'load', load: 0, nowMs, emits: 0 });
        for (let i = 0; i < 60 && state.mode !== 'open'; i++) {
          nowMs += 100_000; // the greatest debt that the events above can leave
          state = stepPace(state, { kind: 'tick', nowMs, emits: 0 });
        }
        assert.equal(state.mode, 'open');
      }),
    );
  });
});

describe('TokenBucket', () => {
  it('holds the mean rate, however large a single amount is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 30, maxLength: 60 }),
        (amounts) => {
          const bucket = new TokenBucket(1000, 0);
          let nowMs = 0;
          let taken = 0;
          for (const amount of amounts) {
            bucket.take(0, nowMs);
            nowMs += bucket.waitMs;
            bucket.take(amount, nowMs);
            taken += amount;
            assert.ok(taken <= 1000 * (nowMs / 1000 + 1.5) + amount, `${taken} after ${nowMs} ms`);
          }
          const owed = 1000 * (nowMs / 1000 - 1) - amounts.at(-1)!;
          assert.ok(taken >= Math.min(owed, taken), 'and does not fall behind it');
        },
      ),
    );
  });
});

describe('OutputThrottle', () => {
  it('wakes its task when the rate allows more, and holds it while something is under pressure', () => {
    const clock = new ManualClock();
    const counters = { emits: 0, sentBytes: 0 };
    let wakes = 0;
    const throttle = new OutputThrottle({
      counters,
      limits: { tuplesPerSec: 10, bytesPerSec: 1000 },
      isSpout: false,
      clock,
      wake: () => wakes++,
    });
    assert.equal(throttle.mayGo(), true);
    counters.emits = 20; // 15 are the burst
    assert.equal(throttle.mayGo(), false);
    clock.advance(500);
    assert.equal(wakes, 0);
    clock.advance(200);
    assert.equal(wakes, 1);
    assert.equal(throttle.mayGo(), true);
    counters.sentBytes = 5000;
    assert.equal(throttle.mayGo(), false);
    clock.advance(5000);
    assert.equal(throttle.mayGo(), true);
    throttle.setPressured(true);
    assert.equal(throttle.mayGo(), false);
    throttle.setPressured(false);
    assert.equal(throttle.mayGo(), true);
    throttle.close();
  });
});
