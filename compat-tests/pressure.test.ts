import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TopologyBuilder } from '../multilang/javascript/topology/index.mjs';
import { withCase } from './case.ts';
import { killTopology } from './nimbus.ts';
import { processesOf } from './processes.ts';
import { eventually } from './records.ts';
import { closeTarget, root, target } from './target.ts';

/** Tuples that a component has emitted or taken so far. */
function countOf(out: string, component: string): number {
  const names = existsSync(out) ? readdirSync(out) : [];
  return names
    .filter((name) => new RegExp(`^${component}-\\d+\\.count$`).test(name))
    .reduce((sum, name) => sum + Number(readFileSync(join(out, name), 'utf8')), 0);
}

/** Tuples a second that a component takes, over about `ms`. */
async function rateOf(out: string, component: string, ms: number): Promise<number> {
  const [before, startMs] = [countOf(out, component), performance.now()];
  await eventually(`${ms} ms`, () => (performance.now() - startMs >= ms ? true : undefined));
  return (1000 * (countOf(out, component) - before)) / (performance.now() - startMs);
}

/** Resident memory of the containers' own processes, in MiB. */
function containersMib(scratch: string): number {
  const sizes = processesOf(scratch, 'container').map(({ pid }) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

const touch = (out: string, name: string): void => writeFileSync(join(out, name), '');

/**
 * `steady` emits at a fixed rate to `fast`, which keeps up easily; `flood` as fast as it can to `slow`, which
 * is a hundred times slower. Started one after the other; then both stop, and everything must arrive.
 */
async function expectIndependence(out: string, backlogMax: number): Promise<void> {
  const { scratch } = await target();
  touch(out, 'go-steady');
  await eventually('the steady branch', () => (countOf(out, 'fast') > 200 ? true : undefined), 120_000);
  const alone = await rateOf(out, 'fast', 3000);
  touch(out, 'go-flood');
  await eventually('the slow branch', () => (countOf(out, 'slow') > 100 ? true : undefined));
  await rateOf(out, 'fast', 2000);
  const before = containersMib(scratch);
  const beside = await rateOf(out, 'fast', 6000);
  const backlog = countOf(out, 'flood') - countOf(out, 'slow');
  assert.ok(
    beside > alone / 2,
    `${Math.round(beside)}/s beside the slow branch, ${Math.round(alone)}/s alone`,
  );
  assert.ok(backlog <= backlogMax, `${backlog} tuples wait, expected at most ${backlogMax}`);
  const grown = containersMib(scratch) - before;
  assert.ok(grown < 64, `the containers have grown by ${Math.round(grown)} MiB`);
  touch(out, 'stop');
  for (const [spout, bolt] of [
    ['steady', 'fast'],
    ['flood', 'slow'],
  ] as const) {
    await eventually(
      `all tuples of ${spout} at ${bolt}`,
      () => {
        const emitted = countOf(out, spout);
        return emitted > 0 && emitted === countOf(out, bolt) ? true : undefined;
      },
      120_000,
    );
  }
}

describe('back pressure', function () {
  this.timeout(400_000);
  after(closeTarget);

  it('of a slow Java bolt leaves another branch alone, bounds what waits, and loses nothing', async () => {
    const conf = { 'topology.executor.receive.buffer.size': 1024, 'topology.acker.executors': 0 };
    await withCase('branches', { workers: 2, ...conf }, async ({ out }) => {
      await expectIndependence(out, 60_000);
    });
  });

  it('of a slow Python bolt leaves another branch alone, bounds what waits, and loses nothing', async function () {
    const { host, port, scratch, kind } = await target();
    if (kind === 'storm') this.skip(); // the bound on what waits is Egret's
    const name = `python-branches-${process.pid}`;
    const [resources, out] = [join(scratch, `${name}-resources`), join(scratch, name)];
    for (const directory of [resources, out]) mkdirSync(directory);
    writeFileSync(join(resources, 'numbers.py'), numbersScript);
    writeFileSync(join(resources, 'taking.py'), takingScript);
    const pythonPath = `${join(root, 'multilang/python/src')}:${join(root, 'build/python')}`;
    execFileSync('python3', ['-m', 'egret', 'vendor', resources], {
      env: { ...process.env, PYTHONPATH: pythonPath },
    });
    const builder = new TopologyBuilder();
    const python = { executionCommand: 'python3' };
    const spout = { ...python, script: 'numbers.py', outputs: ['number'] };
    const bolt = { ...python, script: 'taking.py' };
    builder.setSpout('flood', { ...spout, conf: { 'compat.per.sec': 0 } });
    builder.setSpout('steady', { ...spout, conf: { 'compat.per.sec': 100 } });
    builder.setBolt('slow', { ...bolt, conf: { 'compat.secs': 0.01 } }).shuffleGrouping('flood');
    builder.setBolt('fast', { ...bolt, conf: { 'compat.secs': 0 } }).shuffleGrouping('steady');
    const conf = {
      ...{ 'topology.workers': 2, 'topology.acker.executors': 0, 'compat.out': out },
      'egret.shell.queue.high.tuples': 500,
    };
    await builder.submit(name, { nimbus: `${host}:${port}`, resources, conf });
    try {
      await expectIndependence(out, 5000);
    } finally {
      await killTopology(name, 0);
    }
  });

  it('never deadlocks where two Java bolts feed each other from two workers', async function () {
    this.timeout(300_000);
    const { kind } = await target();
    if (kind === 'storm') this.skip(); // its workers deadlock
    const hops = 6;
    const conf = { 'topology.executor.receive.buffer.size': 256, 'topology.acker.executors': 0 };
    await withCase('circle', { workers: 2, hops, ...conf }, async ({ out }) => {
      touch(out, 'go-flood');
      const taken = (): number => countOf(out, 'here') + countOf(out, 'there');
      await eventually('a good flood', () => (taken() > 50_000 ? true : undefined), 120_000);
      touch(out, 'stop');
      await eventually(
        'all hops of all tuples',
        () => (taken() === (hops + 1) * countOf(out, 'flood') ? true : undefined),
        120_000,
      );
    });
  });
});

const counterScript = `
import os, threading, time
class Counter:
    def __init__(self, conf, context):
        self.out = conf['compat.out']
        self.name = context['task->component'][str(context['taskid'])]
        self.file = '%s/%s-%d.count' % (self.out, self.name, context['taskid'])
        self.count, self.looked = 0, 0
    def look(self):
        if time.time() - self.looked < 0.05: return False
        self.looked = time.time()
        with open(self.file + '.next', 'w') as file: file.write(str(self.count))
        os.rename(self.file + '.next', self.file)
        return True
    def keep(self):
        def run():
            while True:
                self.look()
                time.sleep(0.05)
        threading.Thread(target=run, daemon=True).start()
    def there(self, name): return os.path.exists(os.path.join(self.out, name))
`;
const numbersScript = `import storm
${counterScript}
class Numbers(storm.Spout):
    def initialize(self, conf, context):
        self.counter = Counter(conf, context)
        self.rate, self.on, self.since, self.start = conf['compat.per.sec'], False, 0, 0
    def nextTuple(self):
        counter = self.counter
        if counter.look():
            on = counter.there('go-' + counter.name) and not counter.there('stop')
            if on and not self.on: self.start, self.since = time.time(), 0
            self.on = on
        if not self.on or (self.rate > 0 and self.since >= (time.time() - self.start) * self.rate): return
        self.since += 1
        storm.emit([counter.count])
        counter.count += 1
Numbers().run()
`;
const takingScript = `import storm
${counterScript}
class Taking(storm.Bolt):
    def initialize(self, conf, context):
        self.counter, self.secs = Counter(conf, context), conf['compat.secs']
        self.counter.keep()
    def process(self, tup):
        if self.secs > 0: time.sleep(self.secs)
        self.counter.count += 1
        storm.ack(tup)
Taking().run()
`;
