import assert from 'node:assert/strict';
import { type FlowRates, nextRates, rateOf } from './flow-rates.ts';
import type { FlowExecutor, FlowSnapshot } from './flow-view.ts';

const executor = (emitted: number, uptimeSecs: number, id = 'a'): FlowExecutor => ({
  ...{ id, uptimeSecs, emitted },
  executed: 0,
});

const snapshot = (takenAtMs: number, executors: readonly FlowExecutor[]): FlowSnapshot => ({
  ...{ name: 'wc', status: 'ACTIVE', uptimeSecs: 0, takenAtMs, errors: new Map() },
  components: [
    {
      ...{
        id: 'lines',
        madeOf: 'Java',
        tasks: 1,
        ports: [],
        executed: undefined,
        emitted: 0,
        acked: 0,
        failed: 0,
      },
      ...{ inputs: [], executors },
    },
  ],
});

/**
 * What a picture shows every second of a topology whose executors report every `everySecs`, each at a time of
 * its own.
 */
function shown(
  perSec: number,
  options: { everySecs: number; phases: readonly number[]; secs: number },
): number[] {
  let rates: FlowRates | undefined;
  const seen: number[] = [];
  for (let sec = 0; sec <= options.secs; sec++) {
    const executors = options.phases.map((phase, index) => {
      const reported = sec - ((sec + phase) % options.everySecs);
      return executor(Math.max(0, reported) * perSec, Math.max(0, reported), String(index));
    });
    rates = nextRates(rates, snapshot(1000 * sec, executors));
    seen.push(rateOf(rates, executors, 'emitted') ?? Number.NaN);
  }
  return seen;
}

describe('rates of a flow', () => {
  it('are steady between two reports of an executor', () => {
    const rates = shown(100, { everySecs: 3, phases: [0], secs: 30 });
    assert(Number.isNaN(rates[2]!));
    for (const rate of rates.slice(3)) assert.equal(rate, 100);
  });

  it('are steady for executors that report at different times', () => {
    const rates = shown(50, { everySecs: 3, phases: [0, 1, 2], secs: 30 });
    for (const rate of rates.slice(4)) assert.equal(rate, 150);
  });

  it('are there with the first counts', () => {
    const first = nextRates(undefined, snapshot(10_000, [executor(0, 0)]));
    const counted = [executor(90, 1)];
    assert.equal(rateOf(nextRates(first, snapshot(11_000, counted)), counted, 'emitted'), 90);
    assert.equal(rateOf(nextRates(undefined, snapshot(11_000, counted)), counted, 'emitted'), 90);
  });

  it('are means over the life of an executor that the picture meets late', () => {
    const counted = [executor(6000, 60)];
    assert.equal(rateOf(nextRates(undefined, snapshot(90_000, counted)), counted, 'emitted'), 100);
  });

  it('follow a change, and come down when an executor stops reporting', () => {
    let rates: FlowRates | undefined;
    let emitted = 0;
    const at = (sec: number, perSec: number): number => {
      emitted += perSec;
      const now = [executor(emitted, sec)];
      rates = nextRates(rates, snapshot(1000 * sec, now));
      return rateOf(rates, now, 'emitted')!;
    };
    for (let sec = 1; sec <= 20; sec++) at(sec, 100);
    for (let sec = 21; sec <= 30; sec++) at(sec, 0);
    assert.equal(at(31, 0), 0);
    for (let sec = 32; sec <= 40; sec++) at(sec, 100);
    const silent = [executor(emitted, 40)];
    rates = nextRates(rates, snapshot(100_000, silent));
    assert(rateOf(rates, silent, 'emitted')! < 15);
  });

  it('begin again with an executor that was restarted', () => {
    let rates = nextRates(undefined, snapshot(60_000, [executor(6000, 60)]));
    const restarted = [executor(40, 2)];
    rates = nextRates(rates, snapshot(63_000, restarted));
    assert.equal(rateOf(rates, restarted, 'emitted'), 20);
  });
});
