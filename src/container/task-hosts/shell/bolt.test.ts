import assert from 'node:assert/strict';
import { type RigComponent, type RoutedTuple, ShellRig } from '../../../testing/shell-rig.ts';
import { type JavaValue, java } from '../../../tuple/index.ts';

/** A bolt that does what its input says: a list of [what, ...] steps. Stock storm.py under it. */
const obedient = `
import storm, json, os, sys, time
class Obedient(storm.Bolt):
    def initialize(self, conf, context):
        self.conf, self.context, self.held = conf, context, []
    def process(self, tup):
        for step in tup.values[0]:
            what, args = step[0], step[1:]
            if what == 'emit': storm.log('ids %s' % json.dumps(storm.emit(args[0], stream=args[1], anchors=self.anchors(args[2], tup))))
            elif what == 'direct': storm.emitDirect(args[0], args[1], stream=args[2], anchors=[tup])
            elif what == 'raw': storm.sendMsgToParent(args[0])
            elif what == 'ids': storm.log('ids %s' % json.dumps(storm.readTaskIds()))
            elif what == 'hold': self.held.append(tup)
            elif what == 'ackheld':
                for t in self.held: storm.ack(t)
                self.held = []
            elif what == 'ack': storm.ack(tup)
            elif what == 'fail': storm.fail(tup)
            elif what == 'log': storm.log(args[0], args[1])
            elif what == 'error': storm.reportError(args[0])
            elif what == 'metric': storm.rpcMetrics(args[0], args[1])
            elif what == 'print': sys.stdout.write(args[0]); sys.stdout.flush()
            elif what == 'stderr': sys.stderr.write(args[0] + '\\n'); sys.stderr.flush()
            elif what == 'conf': storm.emit([self.conf.get(args[0])])
            elif what == 'env': storm.emit([os.environ.get(args[0])])
            elif what == 'cwd': storm.emit([os.getcwd()])
            elif what == 'argv': storm.emit([sys.argv])
            elif what == 'types': storm.emit([['%s %r' % (type(v).__name__, v) for v in tup.values[1]]])
            elif what == 'sleep': time.sleep(args[0])
    def anchors(self, which, tup):
        return {'none': [], 'this': [tup], 'held': self.held, 'both': self.held + [tup]}[which]
Obedient().run()
`;

const source: RigComponent = {
  id: 'source',
  kind: 'spout',
  streams: { default: { fields: ['steps'] }, two: { fields: ['steps', 'values'] } },
};
const bolt: RigComponent = {
  id: 'bolt',
  kind: 'bolt',
  shell: ['python3', 'obedient.py'],
  streams: {
    default: { fields: ['a'] },
    pair: { fields: ['a', 'b'] },
    direct: { fields: ['a'], direct: true },
    lonely: { fields: ['a'] },
  },
  inputs: [
    { from: 'source', grouping: { kind: 'shuffle' } },
    { from: 'source', stream: 'two', grouping: { kind: 'shuffle' } },
  ],
};
const sink: RigComponent = {
  id: 'sink',
  kind: 'bolt',
  tasks: 3,
  inputs: [
    { from: 'bolt', grouping: { kind: 'fields', fields: ['a'] } },
    { from: 'bolt', stream: 'pair', grouping: { kind: 'all' } },
    { from: 'bolt', stream: 'direct', grouping: { kind: 'direct' } },
  ],
};

function rigOf(changes: Partial<RigComponent> = {}, conf = {}): ShellRig {
  return new ShellRig({
    components: [source, { ...bolt, ...changes }, sink],
    conf,
    resources: { 'obedient.py': obedient },
  });
}

/** A step list as the bolt's input value. */
function steps(...list: readonly JavaValue[][]): JavaValue {
  return java.list(list.map((step) => java.list(step)));
}

const root: [number, number, number, number] = [11, 12, 13, 14];

/** XOR of the edges of tuples that grew from a root. */
function xorEdges(tuples: readonly RoutedTuple[]): bigint {
  return tuples
    .flatMap((tuple) => tuple.ids)
    .map(([, , hi, lo]) => (BigInt.asUintN(32, BigInt(hi)) << 32n) | BigInt.asUintN(32, BigInt(lo)))
    .reduce((left, right) => left ^ right, 0n);
}

describe('shell bolt', () => {
  let rig: ShellRig;
  let boltTask: number;

  async function open(changes: Partial<RigComponent> = {}, conf = {}): Promise<void> {
    rig = rigOf(changes, conf);
    boltTask = rig.tasksOf('bolt')[0]!;
    await rig.start('bolt');
  }
  const give = (value: JavaValue, ...anchors: [number, number, number, number][]): void =>
    rig.send('source', boltTask, [{ values: [value], anchors }]);
  const logged = (text: RegExp | string): Promise<string> =>
    rig.waitFor(`"${String(text)}" in the log`, () => {
      const log = rig.workerLog();
      return (typeof text === 'string' ? log.includes(text) : text.test(log)) ? log : undefined;
    });
  const acks = (stream: string): RoutedTuple[] =>
    rig.to('__acker').filter((tuple) => tuple.stream === stream);

  afterEach(() => rig.close());

  it('answers an emit with the tasks that Storm would choose, and sends the tuple there', async () => {
    await open();
    give(
      steps(
        ['emit', java.list(['the']), 'default', 'none'],
        ['emit', java.list([java.int(-1)]), 'default', 'none'],
        ['emit', java.list(['x', java.int(2)]), 'pair', 'none'],
        ['emit', java.list(['x']), 'lonely', 'none'],
      ),
    );
    const log = await logged('ids []');
    const tasks = rig.tasksOf('sink');
    // Arrays.deepHashCode: ["the"] is 114801 + 31, [-1] is 30.
    const the = tasks[(114_801 + 31) % 3]!;
    const minusOne = tasks[30 % 3]!;
    const ids = [...log.matchAll(/ids (\[.*\])/g)].map((match) => match[1]);
    assert.deepEqual(ids, [`[${the}]`, `[${minusOne}]`, `[${tasks.join(', ')}]`, '[]']);
    await rig.waitFor('tuples', () => rig.to('sink').length === 5);
    // Tuples for two tasks have no order to each other, those for one task have.
    const streamsTo = (task: number): string[] =>
      rig
        .to('sink')
        .filter(({ target }) => target === task)
        .map(({ stream }) => stream);
    const expected = (task: number): string[] => [
      ...[the, minusOne].filter((id) => id === task).map(() => 'default'),
      'pair',
    ];
    assert.deepEqual(tasks.map(streamsTo), tasks.map(expected));
  });

  it('sends an emit that names its task to that task, and answers nothing', async () => {
    await open();
    const target = rig.tasksOf('sink')[1]!;
    give(
      steps(
        ['direct', java.int(target), java.list(['d']), 'direct'],
        ['emit', java.list(['x']), 'lonely', 'none'],
      ),
      root,
    );
    await logged('ids []');
    assert.deepEqual(
      rig.to('sink').map((tuple) => [tuple.target, tuple.stream, tuple.values]),
      [[target, 'direct', ['d']]],
    );
    assert.equal(rig.to('sink')[0]!.ids[0]![0], root[0]);
  });

  it('leaves out the answer when the child does not need it', async () => {
    await open();
    const quiet = { command: 'emit', need_task_ids: false, tuple: ['q'] };
    give(
      steps(
        ['raw', toMap(quiet)],
        ['raw', toMap({ ...quiet, need_task_ids: true, stream: 'lonely' })],
        ['ids'],
      ),
    );
    assert.match(await logged('ids'), /ids \[\]/);
    assert.equal(rig.to('sink').length, 1);
  });

  it('acks with the edge XOR the edges of all that grew from the tuple', async () => {
    await open();
    give(
      steps(
        ['emit', java.list(['a']), 'default', 'this'],
        ['emit', java.list(['a', 'b']), 'pair', 'this'],
        ['emit', java.list(['c']), 'default', 'none'],
        ['ack'],
      ),
      root,
    );
    const [ack] = await rig.waitFor('ack', () => acks('__ack_ack').length > 0 && acks('__ack_ack'));
    const grown = rig.to('sink').filter((tuple) => tuple.ids.length > 0);
    assert.equal(grown.length, 4);
    const edge = (13n << 32n) | 14n;
    assert.deepEqual(ack!.values, [
      java.long((11n << 32n) | 12n),
      java.long(BigInt.asIntN(64, edge ^ xorEdges(grown))),
    ]);
  });

  it('anchors on several tuples, with one edge for each and their XOR where they share a root', async () => {
    await open();
    const other: [number, number, number, number] = [21, 22, 23, 24];
    give(steps(['hold']), root, other);
    give(steps(['emit', java.list(['a']), 'default', 'both'], ['ackheld'], ['ack']), root);
    await rig.waitFor('acks', () => acks('__ack_ack').length === 3);
    const [grown] = rig.to('sink');
    assert.deepEqual(
      grown!.ids.map(([hi, lo]) => [hi, lo]),
      [
        [11, 12],
        [21, 22],
      ],
    );
    const ofRoot = acks('__ack_ack').filter(({ values }) => isLong(values[0], (11n << 32n) | 12n));
    const total = ofRoot.map(({ values }) => longOf(values[1])).reduce((left, right) => left ^ right);
    // Two inputs with the same edge cancel out; what is left is the edge that the new tuple carries for this
    // root.
    assert.equal(total, BigInt.asIntN(64, xorEdges([{ ...grown!, ids: [grown!.ids[0]!] }])));
  });

  it('fails a tree, and acks nothing for a tuple without one', async () => {
    await open();
    give(steps(['ack']));
    give(steps(['fail']), root);
    await rig.waitFor('fail', () => acks('__ack_fail').length > 0);
    assert.deepEqual(acks('__ack_fail')[0]!.values, [java.long((11n << 32n) | 12n)]);
    assert.deepEqual(acks('__ack_ack'), []);
  });

  it('takes one anchor as a string, and null for what is absent', async () => {
    await open();
    // The first tuple of a child has the id 1.
    const message = { command: 'emit', tuple: ['a'], anchors: '1', task: null, stream: null };
    give(steps(['raw', toMap(message)], ['ids'], ['ack']), root);
    await rig.waitFor('tuple', () => rig.to('sink').length === 1);
    assert.equal(rig.to('sink')[0]!.ids.length, 1);
  });

  it('keeps the order of tuples of several streams to one task', async () => {
    await open();
    const emits = Array.from({ length: 40 }, (_, i) => ({
      command: 'emit',
      need_task_ids: false,
      ...(i % 2 === 0 ? { tuple: ['same'] } : { tuple: ['same', i], stream: 'pair' }),
    }));
    // In one piece, so that all of them are one batch here.
    give(steps(['print', emits.map((emit) => `${JSON.stringify(emit)}\nend\n`).join('')]));
    await rig.waitFor('tuples', () => rig.to('sink').length === 20 + 60);
    const task = rig.to('sink').find((tuple) => tuple.stream === 'default')!.target;
    const streams = rig
      .to('sink')
      .filter((tuple) => tuple.target === task)
      .map((tuple) => tuple.stream);
    assert.deepEqual(
      streams,
      emits.map((_, i) => (i % 2 === 0 ? 'default' : 'pair')),
    );
  });

  it('gives Python the types it expects', async () => {
    await open();
    const values = java.list([
      null,
      true,
      java.int(1),
      java.long(2n ** 60n),
      java.bigInteger(2n ** 70n),
      java.double(1),
      java.float(0.1),
      'ä😀',
      Buffer.from('hi'),
      java.list([java.map([['k', java.double(0.5)]])]),
    ]);
    rig.send('source', boltTask, [{ values: [steps(['types']), values] }], 'two');
    await rig.waitFor('tuple', () => rig.to('sink').length > 0);
    assert.deepEqual(
      rig.to('sink')[0]!.values[0],
      java.list([
        'NoneType None',
        'bool True',
        'int 1',
        'int 1152921504606846976',
        'int 1180591620717411303424',
        'float 1.0',
        'float 0.1',
        "str 'ä😀'",
        "str 'aGk='",
        "list [{'k': 0.5}]",
      ]),
    );
  });

  it('fails a tuple with an object that only Java can read, naming class, component and remedy', async () => {
    await open();
    const object: JavaValue = {
      type: 'object',
      codec: 'kryo',
      className: 'a.B',
      bytes: Buffer.alloc(3),
      view: undefined,
    };
    give(object, root);
    give(steps(['log', 'still here', java.int(2)]));
    await logged('still here');
    assert.equal(acks('__ack_fail').length, 1);
    assert.match(rig.errors()[0]!, /component bolt is a shell component .*class a\.B.*emit a plain value/);
  });

  it('writes log messages and standard error to worker.log as Storm does', async () => {
    await open();
    give(steps(['log', 'too quiet', java.int(1)], ['log', 'loud', java.int(3)], ['stderr', 'from stderr']));
    give(steps(['log', 'last', java.int(2)]));
    const log = await rig.waitFor(
      'log',
      () => /last/.test(rig.workerLog()) && /from stderr/.test(rig.workerLog()) && rig.workerLog(),
    );
    const stamp = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`;
    assert.match(
      log,
      new RegExp(`^${stamp} o\\.a\\.s\\.t\\.ShellBolt .* \\[INFO\\] Launched subprocess with pid \\d+$`, 'm'),
    );
    assert.match(
      log,
      new RegExp(`^${stamp} o\\.a\\.s\\.t\\.ShellBolt .* \\[WARN\\] ShellLog pid:\\d+, name:bolt loud$`, 'm'),
    );
    assert.match(log, new RegExp(`^${stamp} bolt .* \\[INFO\\] from stderr$`, 'm'));
    assert.doesNotMatch(log, /too quiet/);
  });

  it("reports the child's errors as Storm does, no more of them than Storm lets through", async () => {
    await open();
    give(steps(...Array.from({ length: 20 }, () => ['error', 'bad line']), ['log', 'done', java.int(2)]));
    await logged('done');
    assert.deepEqual(rig.errors(), Array(5).fill('java.lang.Exception: Shell Process Exception: bad line'));
  });

  it('takes metrics of any name', async () => {
    await open();
    give(steps(['metric', 'seen', java.int(2)], ['metric', '', 'x'], ['log', 'alive', java.int(2)]));
    await logged('alive');
  });

  it('ignores commands that it does not know', async () => {
    await open();
    give(steps(['raw', toMap({ command: 'dance' })], ['log', 'alive', java.int(2)]));
    await logged('alive');
  });

  it('delivers ticks at the frequency of the component', async () => {
    const ticking =
      'import storm\nclass T(storm.Bolt):\n    def process(self, tup):\n        storm.log("%s %s %s %s" % (tup.component, tup.stream, tup.task, tup.values))\n        storm.ack(tup)\nT().run()\n';
    rig = new ShellRig({
      components: [
        source,
        { ...bolt, shell: ['python3', 'tick.py'], conf: { 'topology.tick.tuple.freq.secs': 1 } },
      ],
      resources: { 'tick.py': ticking },
    });
    await rig.start('bolt');
    await logged('__system __tick -1 [1]');
  });

  it('starts the child in resources/ with one argument, environment, configuration and context', async () => {
    await open(
      {
        shell: ['python3', 'obedient.py'],
        conf: { 'topology.max.spout.pending': 7, 'topology.message.timeout.secs': 1 },
      },
      { 'topology.environment': { GREETING: 'hallo', NUMBER: 5 }, 'my.big.number': 'x' },
    );
    const keys = ['my.big.number', 'topology.max.spout.pending', 'topology.message.timeout.secs'];
    give(
      steps(['env', 'GREETING'], ['env', 'NUMBER'], ['cwd'], ['argv'], ...keys.map((key) => ['conf', key])),
    );
    await rig.waitFor('tuples', () => rig.to('sink').length === 7);
    const values = rig.tuples
      .filter(({ source: from }) => from === boltTask)
      .map((tuple) => tuple.values[0]!);
    // They go to several tasks, and have no order but at each of them.
    const sorted = (values: readonly unknown[]): string[] =>
      values.map((value) => JSON.stringify(value)).sort();
    assert.deepEqual(
      sorted(values),
      sorted([
        'hallo',
        '5',
        `${rig.directory}/code/resources`,
        java.list(['obedient.py']),
        'x',
        java.int(7),
        java.int(30),
      ]),
    );
  });

  it('hands over a script with spaces as one argument, as Storm does', async () => {
    rig = new ShellRig({
      components: [source, { ...bolt, shell: ['./run.sh', '-s json  module.Class'] }, sink],
      resources: { 'run.sh': '#!/bin/sh\nexec python3 obedient.py "$@"\n', 'obedient.py': obedient },
    });
    boltTask = rig.tasksOf('bolt')[0]!;
    await rig.start('bolt');
    give(steps(['argv']));
    await rig.waitFor('tuple', () => rig.to('sink').length === 1);
    assert.deepEqual(rig.to('sink')[0]!.values, [java.list(['obedient.py', '-s json  module.Class'])]);
  });

  it('says nothing to the child before the topology is active and complete', async () => {
    const curious =
      'import sys, storm\nsys.stderr.write("up\\n"); sys.stderr.flush()\nsys.stdin.readline()\nsys.stderr.write("asked\\n")\n';
    rig = new ShellRig({
      components: [source, { ...bolt, shell: ['python3', 'curious.py'] }, sink],
      resources: { 'curious.py': curious },
    });
    const host = await rig.start('bolt', { isActive: false });
    rig.tell(host, { isActive: true, isComplete: false });
    await logged('up');
    assert.doesNotMatch(rig.workerLog(), /asked/);
    rig.tell(host, { isActive: true });
    await logged('asked');
  });

  it('runs the stock storm.js', async () => {
    const script = `
const storm = require('./storm').BasicBolt;
class Split extends storm {}
Split.prototype.process = function (tup, done) {
  let left = 2;
  for (const word of tup.values[0].split(' ')) {
    this.emit({ tuple: [word], anchorTupleId: tup.id }, (ids) => { this.log('ids ' + ids); if (--left === 0) done(); });
  }
};
new Split().run();
`;
    rig = new ShellRig({
      components: [source, { ...bolt, shell: ['node', 'split.js'] }, sink],
      resources: { 'split.js': script },
    });
    boltTask = rig.tasksOf('bolt')[0]!;
    await rig.start('bolt');
    give('the cow', root);
    await rig.waitFor('ack', () => acks('__ack_ack').length === 1);
    assert.deepEqual(
      rig.to('sink').map((tuple) => tuple.values),
      [['the'], ['cow']],
    );
    assert.match(await logged('ids'), /ids \d/);
  });
});

function toMap(object: Readonly<Record<string, unknown>>): JavaValue {
  const convert = (value: unknown): JavaValue =>
    Array.isArray(value) ? java.list(value.map(convert)) : (value as JavaValue);
  return java.map(Object.entries(object).map(([key, value]) => [key, convert(value)]));
}

function longOf(value: JavaValue | undefined): bigint {
  assert.ok(typeof value === 'object' && value !== null && 'type' in value && value.type === 'long');
  return value.value;
}

function isLong(value: JavaValue | undefined, expected: bigint): boolean {
  return longOf(value) === expected;
}
