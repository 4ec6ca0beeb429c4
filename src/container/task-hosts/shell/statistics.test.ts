import assert from 'node:assert/strict';
import { systemClock, waitFor } from '../../../base/index.ts';
import type { ExecutorStatsRecord } from '../../../records/index.ts';
import { type RigComponent, ShellRig } from '../../../testing/shell-rig.ts';
import { java } from '../../../tuple/index.ts';

/** A bolt that sleeps for as long as its tuple says, then acks, fails or keeps it. Runs on stock storm.py. */
const sleeper = `
import storm, time
class Sleeper(storm.Bolt):
    def process(self, tup):
        if tup.stream == '__tick':
            storm.ack(tup)
            return
        seconds, what = tup.values
        time.sleep(seconds)
        if what == 'emit': storm.emit([1], anchors=[tup])
        if what == 'fail': storm.fail(tup)
        elif what != 'keep': storm.ack(tup)
        storm.log('done')
Sleeper().run()
`;

const source: RigComponent = { id: 'source', kind: 'spout', streams: { default: { fields: ['s', 'what'] } } };
const bolt: RigComponent = {
  id: 'bolt',
  kind: 'bolt',
  shell: ['python3', 'sleeper.py'],
  streams: { default: { fields: ['a'] } },
  inputs: [{ from: 'source', grouping: { kind: 'shuffle' } }],
};

const until = (what: string, probe: () => true | undefined): Promise<true> =>
  waitFor(what, probe, { clock: systemClock, limitMs: 20_000 });

describe('statistics of a shell bolt', () => {
  let rig: ShellRig;
  afterEach(() => rig.close());

  const open = async (conf: Record<string, number> = {}): Promise<void> => {
    rig = new ShellRig({ components: [source, bolt], conf, resources: { 'sleeper.py': sleeper } });
    await rig.start('bolt');
  };
  const send = (tuples: readonly (readonly [number, string])[]): void =>
    rig.send(
      'source',
      rig.tasksOf('bolt')[0]!,
      tuples.map(([seconds, what], index) => ({
        values: [java.double(seconds), what],
        anchors: [[1, index + 1, 2, 3]] as const,
      })) as never,
    );
  const record = (): ExecutorStatsRecord =>
    rig.metrics.records().find(({ componentId }) => componentId === 'bolt')!;
  const bolts = () => {
    const { specific, ...rest } = record();
    assert(specific.kind === 'bolt');
    return { ...rest, ...specific };
  };
  const allTime = ':all-time';
  const input = 'source\0default';

  it('tells how long the child worked, and how long tuples waited in it as well', async () => {
    await open();
    send(Array.from({ length: 5 }, () => [0.04, 'ack'] as const));
    await until('five acks', () => (bolts().acked[allTime]?.[input] === 5 ? true : undefined));
    const { executed, executeMsAvg, processMsAvg, latencies, rate } = bolts();
    assert.equal(rate, 1);
    assert.equal(executed[allTime]?.[input], 5);
    const executeMs = executeMsAvg[allTime]![input]!;
    const processMs = processMsAvg[allTime]![input]!;
    // time.sleep never returns early; two tuples at least are in the pipe together, so the second waits for
    // the first
    assert(executeMs >= 40, `execute ${executeMs}`);
    assert(processMs > executeMs, `process ${processMs}, execute ${executeMs}`);
    const buckets = latencies![allTime]!;
    assert.equal(
      buckets.reduce((sum, count, at) => (at % 2 === 0 ? sum : sum + count), 0),
      5,
    );
  });

  it('counts the work on tuples that it fails, or keeps and never acks', async () => {
    await open();
    send([
      [0.03, 'fail'],
      [0.03, 'keep'],
    ]);
    await until('the kept tuple to be passed', () => {
      const { executeMsAvg, failed } = bolts();
      const workedMs = 2 * (executeMsAvg[allTime]?.[input] ?? 0);
      return failed[allTime]?.[input] === 1 && workedMs >= 60 ? true : undefined;
    });
    assert.deepEqual(bolts().acked[allTime], {});
  });

  it('counts neither acks nor fails without ackers, as Storm does', async () => {
    await open({ 'topology.acker.executors': 0 });
    send([
      [0, 'ack'],
      [0, 'fail'],
    ]);
    await until('both to be done', () => (rig.workerLog().match(/done/g)?.length === 2 ? true : undefined));
    const { executed, acked, failed } = bolts();
    assert.equal(executed[allTime]?.[input], 2);
    assert.deepEqual([acked[allTime], failed[allTime]], [{}, {}]);
  });

  it('counts ticks as an input of their own', async () => {
    await open({ 'topology.tick.tuple.freq.secs': 1 });
    const tick = '__system\0__tick';
    await until('a tick', () => ((bolts().acked[allTime]?.[tick] ?? 0) > 0 ? true : undefined));
    assert((bolts().executed[allTime]?.[tick] ?? 0) > 0);
  });
});
