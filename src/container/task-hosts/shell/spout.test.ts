import assert from 'node:assert/strict';
import type { JsonObject } from '../../../base/index.ts';
import { type RigComponent, ShellRig } from '../../../testing/shell-rig.ts';
import { fieldsGroupingIndex, type JavaValue, java } from '../../../tuple/index.ts';
import type { ShellHost } from './index.ts';

/**
 * A spout that emits the JSON texts of a file, one [values, id] each, and logs the commands that it receives.
 * Runs on stock storm.py.
 */
const spoutScript = `
import storm, json, os
class Lines(storm.Spout):
    def initialize(self, conf, context):
        self.items = json.load(open('items.json'))
        self.repeat = os.path.exists('forever')
        self.count = 0
    def activate(self): storm.log('activated')
    def deactivate(self): storm.log('deactivated')
    def ack(self, id): storm.log('acked %s' % json.dumps(id))
    def fail(self, id): storm.log('failed %s' % json.dumps(id))
    def nextTuple(self):
        if self.repeat:
            self.count += 1
            storm.emit(['x' * 1000], id=None)
        elif self.items:
            values, id = self.items.pop(0)
            ids = storm.emit(values, id=id)
            storm.log('to %s' % json.dumps(ids))
        elif self.count == 0:
            self.count = 1
            storm.log('dry')
Lines().run()
`;

const spout: RigComponent = {
  id: 'spout',
  kind: 'spout',
  shell: ['python3', 'spout.py'],
  streams: { default: { fields: ['a'] } },
};
const bolt: RigComponent = {
  id: 'bolt',
  kind: 'bolt',
  tasks: 2,
  inputs: [{ from: 'spout', grouping: { kind: 'all' } }],
};

describe('shell spout', () => {
  let rig: ShellRig;
  let host: ShellHost;

  async function open(
    items: readonly unknown[],
    options: {
      conf?: JsonObject;
      components?: readonly RigComponent[];
      files?: Record<string, string>;
      isActive?: boolean;
    } = {},
  ): Promise<void> {
    rig = new ShellRig({
      components: options.components ?? [spout, bolt],
      ...(options.conf === undefined ? {} : { conf: options.conf }),
      resources: { 'spout.py': spoutScript, 'items.json': JSON.stringify(items), ...options.files },
    });
    host = await rig.start('spout', { isActive: options.isActive ?? true });
  }
  const logged = (text: string): Promise<string> =>
    rig.waitFor(`"${text}" in the log`, () => (rig.workerLog().includes(text) ? rig.workerLog() : undefined));
  const inits = () => rig.to('__acker').filter((tuple) => tuple.stream === '__ack_init');
  /** Acks or fails, as the bolt, a tuple that it got. */
  const finish = (place: number, stream: '__ack_ack' | '__ack_fail'): void => {
    const [rootHi, rootLo, edgeHi, edgeLo] = rig.to('bolt')[place]!.ids[0]!;
    const long = (hi: number, lo: number): JavaValue =>
      java.long((BigInt(hi) << 32n) | BigInt.asUintN(32, BigInt(lo)));
    const values =
      stream === '__ack_ack' ? [long(rootHi, rootLo), long(edgeHi, edgeLo)] : [long(rootHi, rootLo)];
    rig.send('bolt', rig.tasksOf('__acker')[0]!, [{ values }], stream);
  };

  /** Acks, as both tasks of the bolt, the tree that began first. */
  const finishFirstTree = async (): Promise<void> => {
    const rootOf = (tuple: { readonly ids: readonly (readonly number[])[] }): string =>
      tuple.ids[0]!.slice(0, 2).join();
    const first = await rig.waitFor('both tuples of a tree', () => {
      const tuples = rig.to('bolt');
      const ofFirst = tuples.flatMap((tuple, place) => (rootOf(tuple) === rootOf(tuples[0]!) ? [place] : []));
      return ofFirst.length === 2 ? ofFirst : undefined;
    });
    for (const place of first) finish(place, '__ack_ack');
  };

  afterEach(() => rig.close());

  it('begins a tree for an emit with an id: one root, an edge for each task, their XOR to the acker', async () => {
    await open([[['a'], 'id-1']]);
    await logged('dry');
    const [left, right] = rig.to('bolt').map((tuple) => tuple.ids[0]!);
    assert.deepEqual(left!.slice(0, 2), right!.slice(0, 2));
    const halves = (hi: number, lo: number): bigint => (BigInt(hi) << 32n) | BigInt.asUintN(32, BigInt(lo));
    assert.deepEqual(
      inits().map((tuple) => tuple.values),
      [
        [
          java.long(halves(left![0], left![1])),
          java.long(halves(left![2] ^ right![2], left![3] ^ right![3])),
          java.int(rig.tasksOf('spout')[0]!),
        ],
      ],
    );
  });

  it('tells the child when a tree is complete, and gives back any id as it was', async () => {
    const ids = ['text', 7, 2.5, true, { partition: 3, 'off"set': [1, null] }, 12_345_678_901_234_567_890n];
    const text = ids.map((id) => `[["a"], ${typeof id === 'bigint' ? id.toString() : JSON.stringify(id)}]`);
    await open([], { files: { 'items.json': `[${text.join(',')}]` } });
    await logged('dry');
    for (let place = 0; place < rig.to('bolt').length; place++) finish(place, '__ack_ack');
    for (const id of [
      '"text"',
      '7',
      '2.5',
      'true',
      '{"partition": 3, "off\\"set": [1, null]}',
      '12345678901234567890',
    ]) {
      await logged(`acked ${id}`);
    }
    assert.doesNotMatch(rig.workerLog(), /failed/);
    const stats = rig.metrics.records().find((record) => record.componentId === 'spout');
    assert.deepEqual(stats!.emitted[':all-time'], { default: 6 });
    assert.deepEqual(stats!.transferred[':all-time'], { default: 12 });
    assert.ok(stats!.specific.kind === 'spout');
    assert.deepEqual(stats!.specific.acked[':all-time'], { default: 6 });
  });

  it('tells the child at once when a tree has failed', async () => {
    await open([[['a'], 'x']]);
    await logged('dry');
    finish(0, '__ack_fail');
    await logged('failed "x"');
  });

  it('fails trees that take longer than the message timeout', async () => {
    await open([[['a'], 'late']], { conf: { 'topology.message.timeout.secs': 1 } });
    await logged('failed "late"');
  });

  it('tracks nothing without an id, and acks at once without ackers or takers', async () => {
    await open([[['a'], null]]);
    await logged('dry');
    assert.deepEqual(rig.to('bolt')[0]!.ids, []);
    assert.deepEqual(inits(), []);
    await rig.close();
    await open([[['a'], 'no ackers']], { conf: { 'topology.acker.executors': 0 } });
    await logged('acked "no ackers"');
    await rig.close();
    await open([[['a'], 'no takers']], { components: [spout] });
    assert.match(await logged('acked "no takers"'), /to \[\]/);
  });

  it('asks for no more while the allowed number of trees is pending', async () => {
    const items = Array.from({ length: 5 }, (_, i) => [['a'], i]);
    await open(items, { conf: { 'topology.max.spout.pending': 2 } });
    await rig.waitFor('two trees', () => inits().length === 2);
    await finishFirstTree();
    await logged('acked 0');
    await rig.waitFor('a third tree', () => inits().length === 3);
    assert.equal(inits().length, 3);
    assert.doesNotMatch(rig.workerLog(), /dry/);
  });

  it('follows the status of the topology, and delivers acks while inactive', async () => {
    await open([[['a'], 'x']], { isActive: false });
    await rig.waitFor('launch', () => rig.workerLog().includes('Launched'));
    rig.tell(host, { isActive: true });
    await logged('dry');
    rig.tell(host, { isActive: false });
    await logged('deactivated');
    await finishFirstTree();
    const log = await logged('acked "x"');
    assert.ok(log.indexOf('activated') < log.indexOf('dry'));
    assert.ok(log.indexOf('deactivated') < log.indexOf('acked'));
  });

  it('asks for nothing while a task downstream is under pressure', async () => {
    await open([], { files: { forever: '' } });
    await rig.waitFor('tuples', () => rig.to('bolt').length > 10);
    const pressed = [rig.tasksOf('bolt')[1]!];
    host.control({ type: 'pressure', reporter: 'test', tasks: pressed });
    // What was asked before may still come; deactivate is answered after it.
    rig.tell(host, { isActive: false });
    await logged('deactivated');
    const count = rig.to('bolt').length;
    rig.tell(host, { isActive: true });
    await rig.waitFor('activation', () => rig.workerLog().split(' activated').length === 3);
    assert.equal(rig.to('bolt').length, count);
    host.control({ type: 'pressure', reporter: 'test', tasks: [] });
    await rig.waitFor('more tuples', () => rig.to('bolt').length > count);
  });

  it('ends a spout that sends a command which spouts do not have', async () => {
    const script =
      'import storm\nclass S(storm.Spout):\n    def nextTuple(self): storm.sendMsgToParent({"command": "ack", "id": "1"})\nS().run()\n';
    await open([], { files: { 'spout.py': script } });
    await rig.waitFor('end', () => rig.exits.length > 0);
    assert.match(
      rig.exits[0]!.reason,
      /task \d+ \(spout\).*sent the command "ack", which a spout does not have/,
    );
  });

  it('sees every tree through with a shell bolt behind it, and replays what that fails', async () => {
    const total = 200;
    const replaying = `
import storm
class S(storm.Spout):
    def initialize(self, conf, context): self.todo, self.acked = list(range(${total})), 0
    def ack(self, id):
        self.acked += 1
        if self.acked == ${total}: storm.log('all acked')
    def fail(self, id): self.todo.append(id)
    def nextTuple(self):
        if self.todo:
            n = self.todo.pop(0)
            storm.emit([n], id=n)
S().run()
`;
    const flaky = `
import storm
class B(storm.Bolt):
    def initialize(self, conf, context): self.seen = set()
    def process(self, tup):
        n = tup.values[0]
        if n % 3 == 0 and n not in self.seen:
            self.seen.add(n)
            storm.fail(tup)
        else:
            storm.emit([n, 'a'], anchors=[tup])
            storm.ack(tup)
B().run()
`;
    const quiet = 'import storm\nclass Q(storm.BasicBolt):\n    def process(self, tup): pass\nQ().run()\n';
    rig = new ShellRig({
      components: [
        { ...spout, tasks: 1 },
        {
          id: 'flaky',
          kind: 'bolt',
          shell: ['python3', 'flaky.py'],
          streams: { default: { fields: ['n', 'a'] } },
          inputs: [{ from: 'spout', grouping: { kind: 'shuffle' } }],
        },
        {
          id: 'quiet',
          kind: 'bolt',
          shell: ['python3', 'quiet.py'],
          inputs: [{ from: 'flaky', grouping: { kind: 'fields', fields: ['n'] } }],
        },
      ],
      conf: { 'topology.acker.executors': 2, 'topology.max.spout.pending': 50 },
      resources: { 'spout.py': replaying, 'flaky.py': flaky, 'quiet.py': quiet },
    });
    await Promise.all(['quiet', 'flaky', 'spout'].map((id) => rig.start(id)));
    await logged('all acked');
    assert.deepEqual(rig.exits, []);
    const failed = Math.ceil(total / 3);
    assert.equal(rig.to('flaky').filter((tuple) => tuple.stream === 'default').length, total + failed);
    assert.equal(rig.to('quiet').length, total);
    // The acker is chosen as by fields grouping on the root id, so that hosts of every kind agree.
    const ackers = rig.tasksOf('__acker');
    assert.equal(new Set(rig.to('__acker').map((tuple) => tuple.target)).size, 2);
    for (const { target, values } of rig.to('__acker')) {
      assert.equal(target, ackers[fieldsGroupingIndex(values, 2, [0])]);
    }
  });
});
