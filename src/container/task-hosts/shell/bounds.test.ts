import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { JsonObject } from '../../../base/index.ts';
import { type RigComponent, ShellRig } from '../../../testing/shell-rig.ts';
import { java } from '../../../tuple/index.ts';
import { ShellHost } from './index.ts';

const spout: RigComponent = {
  id: 'spout',
  kind: 'spout',
  shell: ['python3', 'spout.py'],
  streams: { default: { fields: ['a'] } },
};
const middle: RigComponent = {
  id: 'middle',
  kind: 'bolt',
  streams: { default: { fields: ['a'] } },
  inputs: [{ from: 'spout', grouping: { kind: 'shuffle' } }],
};
const slow: RigComponent = {
  id: 'slow',
  kind: 'bolt',
  inputs: [{ from: 'middle', grouping: { kind: 'shuffle' } }],
};
const other: RigComponent = { ...middle, id: 'other', inputs: [] };

/** A spout that emits numbers endlessly; `lines` are the statements of nextTuple before the emit. */
function spoutScript(...lines: readonly string[]): string {
  const body = lines.map((line) => `        ${line}\n`).join('');
  return `import storm, time\nclass S(storm.Spout):\n    def initialize(self, conf, context): self.n = 0\n    def fail(self, id): storm.log('failed %s' % id)\n    def nextTuple(self):\n        self.n += 1\n${body}S().run()\n`;
}
const forever = spoutScript('storm.emit([self.n])');

function boltScript(...lines: readonly string[]): string {
  return `import storm, os, time\nclass B(storm.Bolt):\n    def process(self, tup):\n${lines.map((line) => `        ${line}`).join('\n')}\nB().run()\n`;
}

const hugeJs = `
const storm = require('./storm.js');
class Huge extends storm.BasicBolt {
  process(tup, done) {
    this.emit({ tuple: ['x'.repeat(50000000)], anchorTupleId: tup.id }, () => {});
    this.log('continued');
    done();
  }
}
new Huge().run();
`;
const hugeCpp = `
#include <egret/egret.hpp>
class Huge : public egret::Bolt {
  void process(const egret::Tuple& tuple) override {
    emit({std::string(50000000, 'x')}, tuple);
    log("continued");
    ack(tuple);
  }
};
int main() { return Huge().run(); }
`;

/** With the library as it was built. */
function compile(source: string, output: string): void {
  const root = new URL('../../../../', import.meta.url).pathname;
  const input = ['-std=c++17', `-I${join(root, 'multilang/cpp/include')}`, '-x', 'c++', '-'];
  const args = [...input, '-x', 'none', join(root, 'build/cpp/libegret.a')];
  execFileSync('g++', [...args, '-o', output], { input: source });
}

function longOf(hi: number, lo: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo >>> 0);
}

describe('the bounds of a shell task', () => {
  let rig: ShellRig;

  async function open(
    components: readonly RigComponent[],
    resources: Record<string, string>,
    conf: JsonObject = {},
  ): Promise<void> {
    rig = new ShellRig({ components, resources, conf });
    for (const { id, shell } of components) if (shell !== undefined) await rig.start(id);
  }
  const host = (id: string): ShellHost => {
    const found = rig.hostOf(id);
    assert.ok(found instanceof ShellHost);
    return found;
  };
  const press = (id: string, tasks: readonly number[]): void =>
    host(id).control({ type: 'pressure', reporter: 'test', tasks });
  const errors = (): string =>
    rig.reports.flatMap((report) => (report.type === 'error' ? [report.record.error] : [])).join('\n');
  const give = (to: string, from: string, count: number, first = 0): void =>
    rig.send(
      from,
      rig.tasksOf(to)[0]!,
      Array.from({ length: count }, (_, i) => ({
        values: [`t${first + i}`],
        anchors: [[1, first + i, 2, first + i] as [number, number, number, number]],
      })),
    );
  const fails = (): number => rig.to('__acker').filter((tuple) => tuple.stream === '__ack_fail').length;
  /** Waits until nothing has been emitted for a good number of turns. */
  const silence = async (): Promise<void> => {
    let last = -1;
    let same = 0;
    await rig.waitFor('silence', () => {
      same = last === rig.routedBytes ? same + 1 : 0;
      last = rig.routedBytes;
      return same > 10;
    });
  };

  afterEach(() => rig.close());

  it('holds a spout for a task far downstream and for ackers, not for one of another branch', async () => {
    await open([spout, middle, slow, other], { 'spout.py': forever });
    rig.keepsTuples = false;
    const flows = async (): Promise<void> => {
      const before = rig.routedBytes;
      await rig.waitFor('tuples', () => rig.routedBytes > before + 2000);
    };
    await flows();
    for (const id of ['slow', 'middle', '__acker']) {
      press('spout', rig.tasksOf(id));
      await silence();
      press('spout', []);
      await flows();
    }
    press('spout', rig.tasksOf('other'));
    await flows();
  });

  it('holds a spout for one hot task of many, and tells it of acks and of the status all the same', async () => {
    const script = spoutScript('storm.emit([self.n], id=self.n)').replace(
      '    def nextTuple',
      "    def ack(self, id): storm.log('acked %s' % id)\n    def deactivate(self): storm.log('deactivated')\n    def nextTuple",
    );
    await open([spout, { ...middle, tasks: 4 }], { 'spout.py': script }, { 'topology.max.spout.pending': 3 });
    await rig.waitFor('trees', () => rig.to('middle').length === 3);
    press('spout', [rig.tasksOf('middle')[3]!]);
    for (const { ids } of rig.to('middle')) {
      const [rootHi, rootLo, edgeHi, edgeLo] = ids[0]!;
      const values = [java.long(longOf(rootHi, rootLo)), java.long(longOf(edgeHi, edgeLo))];
      rig.send('middle', rig.tasksOf('__acker')[0]!, [{ values }], '__ack_ack');
    }
    await rig.waitFor('acks', () => rig.workerLog().includes('acked 3'));
    rig.tell(host('spout'), { isActive: false });
    await rig.waitFor('the status', () => rig.workerLog().includes('deactivated'));
    rig.tell(host('spout'), { isActive: true });
    await silence();
    assert.equal(rig.to('middle').length, 3);
    press('spout', []);
    await rig.waitFor('more', () => rig.to('middle').length === 6);
  });

  it('lets a bolt on a cycle continue while its fellow is under pressure, and holds it for one outside', async () => {
    const loop: RigComponent = {
      id: 'loop',
      kind: 'bolt',
      shell: ['python3', 'b.py'],
      streams: { default: { fields: ['a'] } },
      inputs: [
        { from: 'spout', grouping: { kind: 'shuffle' } },
        { from: 'back', grouping: { kind: 'shuffle' } },
      ],
    };
    const back: RigComponent = {
      ...middle,
      id: 'back',
      inputs: [{ from: 'loop', grouping: { kind: 'shuffle' } }],
    };
    const sink: RigComponent = { ...slow, inputs: [{ from: 'loop', grouping: { kind: 'shuffle' } }] };
    const components = [{ ...spout, shell: undefined } as unknown as RigComponent, loop, back, sink];
    await open(components, { 'b.py': boltScript('storm.emit([1])', 'storm.ack(tup)') });
    press('loop', rig.tasksOf('back'));
    give('loop', 'spout', 5);
    await rig.waitFor('what it does in spite of its fellow', () => rig.to('back').length === 5);
    press('loop', rig.tasksOf('slow'));
    give('loop', 'spout', 5);
    await silence();
    assert.equal(rig.to('back').length, 5);
    press('loop', []);
    await rig.waitFor('the rest', () => rig.to('back').length === 10);
  });

  it('refuses what comes above the bound, fails its trees at once, and says so with the keys', async () => {
    const bolt: RigComponent = { ...middle, shell: ['python3', 'b.py'] };
    const script = boltScript('while not os.path.exists("go"): time.sleep(0.01)', 'storm.ack(tup)');
    await open(
      [{ ...spout, shell: undefined } as unknown as RigComponent, bolt, slow],
      { 'b.py': script },
      { 'egret.shell.queue.high.tuples': 100, 'egret.shell.queue.max.tuples': 300 },
    );
    for (let i = 0; i < 10; i++) give('middle', 'spout', 50, i * 50);
    await rig.waitFor('refusals', () => fails() > 0);
    const { tuples, droppedTuples } = host('middle').queue;
    assert.ok(tuples <= 300, `${tuples} held`);
    assert.equal(fails(), droppedTuples);
    assert.match(
      errors(),
      /tuples of \d+ bytes wait for the child, at most 300 tuples \(egret\.shell\.queue\.max\.tuples\)/,
    );
    rig.writeResource('go', '');
    const acks = (): number => rig.to('__acker').filter((tuple) => tuple.stream === '__ack_ack').length;
    await rig.waitFor('acks of all the others', () => acks() + fails() === 500);
    assert.equal(fails(), droppedTuples);
  });

  it('fails the oldest tuples of a child that never acks, names the key, and lets it ack them late', async () => {
    const bolt: RigComponent = { ...middle, shell: ['python3', 'b.py'] };
    const script = boltScript(
      'global held',
      'held = globals().get("held", []) + [tup]',
      'if len(held) == 50:',
      '    for each in held: storm.ack(each)',
      '    storm.log("all acked")',
    );
    await open(
      [{ ...spout, shell: undefined } as unknown as RigComponent, bolt, slow],
      { 'b.py': script },
      { 'egret.shell.pending.max.tuples': 20 },
    );
    give('middle', 'spout', 50);
    await rig.waitFor('the late acks', () => rig.workerLog().includes('all acked'));
    await rig.waitFor('acks', () => rig.to('__acker').length === 50);
    assert.equal(fails(), 30);
    assert.match(errors(), /holds more than 20 tuples.*\(egret\.shell\.pending\.max\.tuples\)/);
    assert.deepEqual(rig.exits, []);
  });

  it('ends a spout whose nextTuple emits without limit, and says which bound it reached', async () => {
    const script = spoutScript(
      'while True:',
      '    storm.sendMsgToParent({"command": "emit", "id": 1, "need_task_ids": False, "tuple": [1]})',
    );
    await open(
      [spout, middle, slow],
      { 'spout.py': script },
      { 'egret.shell.spout.pending.max.tuples': 500 },
    );
    await rig.waitFor('its end', () => rig.exits.length > 0);
    assert.match(
      rig.exits[0]!.reason,
      /emits without limit in one nextTuple: 1000 tuples with ids.*egret\.shell\.spout\.pending\.max\.tuples/,
    );
  });

  it('asks a spout for no more while as many trees as are kept wait, whatever the topology allows', async () => {
    const script = spoutScript('storm.emit([self.n], id=self.n)');
    await open([spout, middle, slow], { 'spout.py': script }, { 'egret.shell.spout.pending.max.tuples': 40 });
    await rig.waitFor('as many as are kept', () => rig.to('middle').length === 40);
    await silence();
    assert.equal(rig.to('middle').length, 40);
  });

  it('refuses a tuple of 50 MB by component and stream, fails its tree, and lets the child live', async () => {
    const script = spoutScript(
      'if self.n == 1: storm.emit(["x" * 50000000], id="huge")',
      'else: storm.emit([self.n], id=self.n)',
    );
    await open([spout, middle, slow], { 'spout.py': script }, { 'topology.max.spout.pending': 5 });
    await rig.waitFor('the tuples after it', () => rig.to('middle').length === 5);
    await rig.waitFor('the spout to log the fail', () => rig.workerLog().includes('failed huge'));
    assert.match(
      errors(),
      /component spout, stream default: the values of a tuple have 500\d+ bytes, at most 16646144 can be sent/,
    );
    assert.deepEqual(rig.exits, []);
  });

  it('refuses it of JavaScript and of C++ as well, fails what it was anchored on, and lets the child live', async () => {
    const cpp = join(mkdtempSync(join(tmpdir(), 'egret-huge-')), 'huge');
    compile(hugeCpp, cpp);
    const children: readonly (readonly [string, string])[] = [
      [process.execPath, 'huge.js'],
      [cpp, ''],
    ];
    for (const shell of children) {
      const bolt: RigComponent = { ...middle, shell };
      await open([{ ...spout, shell: undefined } as unknown as RigComponent, bolt, slow], {
        'huge.js': hugeJs,
      });
      give('middle', 'spout', 2);
      await rig.waitFor('two log lines', () => rig.workerLog().match(/continued/g)?.length === 2, 30_000);
      await rig.waitFor('both fails', () => fails() === 2);
      assert.match(
        errors(),
        /component middle, stream default: the values of a tuple have 500\d+ bytes, at most 16646144/,
      );
      assert.deepEqual([rig.exits, rig.to('slow')], [[], []]);
      if (shell !== children.at(-1)) await rig.close();
    }
    rmSync(dirname(cpp), { recursive: true });
  }).timeout(120_000);

  it('refuses such a tuple of a bolt too, and fails the tuple that it was anchored on', async () => {
    const bolt: RigComponent = { ...middle, shell: ['python3', 'b.py'] };
    const script = boltScript(
      'storm.emit(["x" * 20000000], anchors=[tup])',
      'storm.log("continued")',
      'storm.ack(tup)',
    );
    await open([{ ...spout, shell: undefined } as unknown as RigComponent, bolt, slow], { 'b.py': script });
    give('middle', 'spout', 1);
    await rig.waitFor('the child to continue', () => rig.workerLog().includes('continued'));
    await rig.waitFor('a fail', () => fails() === 1);
    assert.match(errors(), /component middle, stream default: the values of a tuple have 200\d+ bytes/);
    assert.deepEqual(rig.exits, []);
  });

  it("keeps the output rate of a spout, by tuples and by bytes, in Heron's key as well", async () => {
    const rates: readonly JsonObject[] = [
      { 'topology.egret.output.rate.tuples.per.sec': 50 },
      { 'topology.egret.output.rate.bytes.per.sec': 50_000 },
      { 'topology.component.output.bps': 50_000 },
    ];
    for (const conf of rates) {
      const limited = { ...spout, conf };
      await open([limited, middle, slow], { 'spout.py': spoutScript('storm.emit(["x" * 1000])') });
      const startedMs = performance.now();
      await rig.waitFor('the burst and some more', () => rig.to('middle').length >= 120, 20_000);
      const tookMs = performance.now() - startedMs;
      assert.ok(
        tookMs > 500,
        `${JSON.stringify(conf)}: 120 tuples in ${Math.round(tookMs)} ms, expected above 900`,
      );
      if (conf !== rates.at(-1)) await rig.close();
    }
  });

  it('ends a child that never reads once too much waits for it, and names the key', async () => {
    const bolt: RigComponent = { ...middle, shell: ['python3', 'b.py'] };
    const script =
      'import storm, time\nstorm.initComponent()\nwhile True: storm.sendMsgToParent({"command": "emit", "tuple": ["x" * 10]})\n';
    await open(
      [{ ...spout, shell: undefined } as unknown as RigComponent, bolt, slow],
      { 'b.py': script },
      { 'egret.shell.stdin.max.bytes': 200_000 },
    );
    await rig.waitFor('its end', () => rig.exits.length > 0, 30_000);
    assert.match(
      rig.exits[0]!.reason,
      /does not read its standard input: \d+ bytes wait, at most 200000.*egret\.shell\.stdin\.max\.bytes/,
    );
  });
});
