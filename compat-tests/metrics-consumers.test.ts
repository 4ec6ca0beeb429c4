import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TopologyBuilder } from '../multilang/javascript/topology/index.mjs';
import { ownGateway } from './bad-luck.ts';
import { withCase } from './case.ts';
import { killTopology, topologyInfo } from './nimbus.ts';
import { eventually } from './records.ts';
import { closeTarget, root, target } from './target.ts';

const loggingConsumer = { class: 'org.apache.storm.metric.LoggingMetricsConsumer', 'parallelism.hint': 1 };
const consumerId = `__metrics_${loggingConsumer.class}`;
const emitted = 40;

/** Emits so many words and then nothing. */
const words = `
import egret
class Words(egret.Spout):
    left = ${emitted}
    def nextTuple(self):
        if self.left == 0: return
        self.left -= 1
        egret.emit(['word %d' % self.left], id=self.left)
Words().run()
`;

/** Passes half of what it gets on, and reports how long the words are. */
const half = `
import egret
class Half(egret.BasicBolt):
    def process(self, tup):
        egret.rpcMetrics('letters', len(tup.values[0]))
        if int(tup.values[0].split()[1]) % 2 == 0: egret.emit([tup.values[0]])
Half().run()
`;

const sink = `
import egret
class Sink(egret.BasicBolt):
    def process(self, tup): pass
Sink().run()
`;

interface Point {
  readonly component: string;
  readonly name: string;
  readonly value: string;
}

/** How many characters of a name Storm's LoggingMetricsConsumer writes. */
const nameLength = 23;
const cut = (name: string): string => name.slice(0, nameLength);

/** Lines of time, host:port, task:component, name and value, with a tab between them. */
function pointsIn(log: string): Point[] {
  return log.split('\n').flatMap((line) => {
    const [, , task, name, value] = line.split('\t').map((part) => part.trim());
    if (task === undefined || name === undefined || value === undefined) return [];
    return [{ component: task.slice(task.indexOf(':') + 1), name, value }];
  });
}

/** What the consumers of a topology have logged so far, all workers together. */
function pointsOf(localDir: string, name: string): Point[] {
  const artifacts = join(localDir, 'workers-artifacts');
  const files = existsSync(artifacts) ? readdirSync(artifacts, { recursive: true, encoding: 'utf8' }) : [];
  const own = files.filter((file) => file.startsWith(`${name}-`) && file.endsWith('/worker.log.metrics'));
  return own.flatMap((file) => pointsIn(readFileSync(join(artifacts, file), 'utf8')));
}

describe("Storm's metrics consumers", () => {
  after(() => closeTarget());

  it('get what Python tasks count, by the names that Java tasks have for it, and what they report', async function () {
    const { localDir, scratch } = await ownGateway(this);
    const { host, port } = await target();
    const name = `metrics-${process.pid}`;
    const resources = join(scratch, name);
    mkdirSync(resources);
    for (const [file, text] of Object.entries({ 'words.py': words, 'half.py': half, 'sink.py': sink }))
      writeFileSync(join(resources, file), text);
    execFileSync('python3', ['-m', 'egret', 'vendor', resources], {
      env: {
        ...process.env,
        PYTHONPATH: `${join(root, 'multilang/python/src')}:${join(root, 'build/python')}`,
      },
    });
    const builder = new TopologyBuilder();
    const python = { executionCommand: 'python3' };
    builder.setSpout('w', { ...python, script: 'words.py', outputs: ['word'] });
    builder
      .setBolt('h', { ...python, script: 'half.py', outputs: ['word'], parallelism: 2 })
      .shuffleGrouping('w');
    builder.setBolt('s', { ...python, script: 'sink.py' }).shuffleGrouping('h');
    await builder.submit(name, {
      ...{ nimbus: `${host}:${port}`, resources },
      conf: {
        ...{ 'topology.workers': 2, 'topology.metrics.consumer.register': [loggingConsumer] },
        ...{ 'topology.enable.v2.metrics.tick': true, 'topology.v2.metrics.tick.interval.seconds': 1 },
        'topology.builtin.metrics.bucket.size.secs': 1,
      },
    });
    try {
      const points = (): Point[] => pointsOf(localDir, name);
      const counts = (component: string, point: string, value: number): boolean =>
        points().some(
          (each) => each.component === component && each.name === cut(point) && each.value === `${value}`,
        );
      await eventually('the counts of the Python tasks', () =>
        counts('w', '__emit-count-default', emitted) &&
        counts('w', '__ack-count-default', emitted) &&
        counts('s', '__execute-count-h:default', emitted / 2)
          ? true
          : undefined,
      );
      const letters = points()
        .filter((point) => point.component === 'h' && point.name === 'letters')
        .reduce((sum, { value }) => sum + Number(value), 0);
      const expected = Array.from({ length: emitted }, (_, i) => `word ${i}`.length).reduce(
        (a, b) => a + b,
        0,
      );
      assert.equal(letters, expected);
      // The acker runs in the JVM: what Storm's own executors call the same things.
      const has = (component: string, kind: string): boolean =>
        points().some((point) => point.component === component && point.name.startsWith(kind));
      for (const kind of ['__execute-count-', '__execute-latency-', '__ack-count-', '__process-latency-'])
        await eventually(`${kind} of both`, () =>
          has('__acker', kind) && has('s', kind) ? true : undefined,
        );
    } finally {
      await killTopology(name, 0);
    }
  });

  it('get the data points of Java tasks in other workers as well', async function () {
    const { localDir } = await ownGateway(this);
    const options = {
      ...{ workers: 2, 'topology.metrics.consumer.register': JSON.stringify([loggingConsumer]) },
      ...{ 'topology.enable.v2.metrics.tick': 'true', 'topology.v2.metrics.tick.interval.seconds': 1 },
    };
    await withCase('count', options, async ({ name }) => {
      const executors = (): Promise<ReadonlyMap<string, number>> => executorPorts(name);
      const elsewhere = await eventually('a task in another worker than the consumer', async () => {
        const ports = await executors();
        const own = ports.get(consumerId);
        return own === undefined ? undefined : [...ports].find(([, port]) => port !== own)?.[0];
      });
      await eventually(`data points of ${elsewhere}`, () =>
        pointsOf(localDir, name).some(({ component }) => component === elsewhere) ? true : undefined,
      );
    });
  });
});

/** One port of each component. */
async function executorPorts(name: string): Promise<ReadonlyMap<string, number>> {
  const { executors } = await topologyInfo(name);
  return new Map(executors.map(({ component_id, port }) => [component_id, port]));
}
