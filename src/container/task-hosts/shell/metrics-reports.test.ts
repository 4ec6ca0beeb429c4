import assert from 'node:assert/strict';
import type { JsonObject } from '../../../base/index.ts';
import { systemClock, waitFor } from '../../../base/index.ts';
import { type RigComponent, type RoutedTuple, ShellRig } from '../../../testing/shell-rig.ts';
import { decodeValues, type JavaValue, java } from '../../../tuple/index.ts';

/** A bolt that reports the values of its tuple as a metric, then acks. Runs on stock storm.py. */
const reporter = `
import storm
class Reporter(storm.Bolt):
    def process(self, tup):
        if tup.stream != '__tick':
            for value in tup.values[0]: storm.rpcMetrics('seen', value)
        storm.ack(tup)
Reporter().run()
`;
const source: RigComponent = { id: 'source', kind: 'spout', streams: { default: { fields: ['values'] } } };
const bolt: RigComponent = {
  ...{ id: 'bolt', kind: 'bolt', shell: ['python3', 'reporter.py'] },
  inputs: [{ from: 'source', grouping: { kind: 'shuffle' } }],
};
const consumers = { 'topology.metrics.consumer.register': [{ class: 'a.Consumer', 'parallelism.hint': 1 }] };

describe('metrics of a shell task', () => {
  let rig: ShellRig;
  afterEach(() => rig.close());

  const open = async (conf: JsonObject): Promise<void> => {
    rig = new ShellRig({ components: [source, bolt], conf, resources: { 'reporter.py': reporter } });
    await rig.start('bolt');
    rig.send('source', rig.tasksOf('bolt')[0]!, [
      { values: [java.list([java.int(2), java.int(3), null])], anchors: [] },
      { values: [java.list([java.double(0.5)])], anchors: [] },
    ] as never);
  };
  const reports = (): RoutedTuple[] => rig.tuples.filter(({ stream }) => stream === '__metrics');
  const pointsOf = (tuple: RoutedTuple): (readonly [string, JavaValue])[] => {
    const points = tuple.values[1] as unknown as { items: readonly { bytes: Buffer }[] };
    return points.items.map(({ bytes }) => decodeValues(bytes) as [string, JavaValue]);
  };
  const until = (what: string, probe: () => true | undefined): Promise<true> =>
    waitFor(what, probe, { clock: systemClock, limitMs: 20_000 });
  const total = (name: string): number =>
    reports()
      .flatMap(pointsOf)
      .filter(([each]) => each === name)
      .reduce((sum, [, value]) => sum + Number((value as { value: number | bigint }).value), 0);

  it('go to the consumers of the topology as the child reports them, each time those of one interval', async () => {
    await open({ ...consumers, 'topology.builtin.metrics.bucket.size.secs': 1 });
    await until('all that was reported', () => (total('seen') === 6.5 ? true : undefined));
    const count = reports().length;
    await until('the next interval', () => (reports().length > count ? true : undefined));
    assert.equal(total('seen'), 6.5);
    const [info] = reports()[0]!.values as unknown as [{ className: string; bytes: Buffer }];
    assert.equal(info.className, 'org.apache.storm.metric.api.IMetricsConsumer$TaskInfo');
    const [host, port, component, task, , interval] = decodeValues(info.bytes);
    assert.deepEqual(
      { host, port, component, task, interval },
      {
        ...{ host: 'here', port: java.int(6700), component: 'bolt' },
        ...{ task: java.int(rig.tasksOf('bolt')[0]!), interval: java.int(1) },
      },
    );
  });

  it('hold what Storm measures of every task where the topology asks for it, beside what the child reports', async () => {
    await open({
      ...{ ...consumers, 'topology.builtin.metrics.bucket.size.secs': 1 },
      ...{ 'topology.enable.v2.metrics.tick': true, 'topology.v2.metrics.tick.interval.seconds': 1 },
    });
    const isCounted = (tuple: RoutedTuple): boolean =>
      pointsOf(tuple).some(
        ([name, value]) =>
          name === '__execute-count-source:default' && (value as { value: bigint }).value === 2n,
      );
    await until('both tuples to be counted', () => (reports().some(isCounted) ? true : undefined));
    const names = pointsOf(reports().find(isCounted)!).map(([name]) => name);
    assert.deepEqual(names.slice(0, 2), ['seen', '__ack-count-source:default']);
    assert(names.includes('__capacity'));
  });

  it('go nowhere when there is no consumer', async () => {
    await open({ 'topology.builtin.metrics.bucket.size.secs': 1, 'topology.tick.tuple.freq.secs': 1 });
    const ticks = (): number =>
      rig.metrics.records().find(({ componentId }) => componentId === 'bolt')!.emitted[':all-time']![
        '__metrics'
      ] ?? 0;
    await until('two seconds of ticks', () => {
      const { specific } = rig.metrics.records().find(({ componentId }) => componentId === 'bolt')!;
      return (specific.acked[':all-time']!['__system\0__tick'] ?? 0) >= 2 ? true : undefined;
    });
    assert.deepEqual([reports().length, ticks()], [0, 0]);
  });
});
