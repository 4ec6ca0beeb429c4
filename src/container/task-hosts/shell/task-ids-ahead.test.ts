import assert from 'node:assert/strict';
import { type RigComponent, ShellRig } from '../../../testing/shell-rig.ts';
import type { Grouping } from '../../../topology/index.ts';
import { java } from '../../../tuple/index.ts';

/**
 * Each logs, for every emit, its number, how many lists of task ids it had before, and the ids that it
 * received.
 */
const boltScript = `
import storm, time
class Numbers(storm.Bolt):
    def process(self, tup):
        if tup.values[0] == 0: time.sleep(0.2)
        before = len(storm.pending_taskids)
        storm.log('emit %d %d %s' % (tup.values[0], before, storm.emit([tup.values[0]], anchors=[tup])))
        storm.ack(tup)
Numbers().run()
`;
const spoutScript = `
import storm
class Numbers(storm.Spout):
    n = 0
    def nextTuple(self):
        if self.n >= 300: return
        before = len(storm.pending_taskids)
        storm.log('emit %d %d %s' % (self.n, before, storm.emit([self.n], id=self.n)))
        self.n += 1
Numbers().run()
`;
const tuples = 300;
const listsAhead = 128;
const bolt: RigComponent = {
  ...{ id: 'numbers', kind: 'bolt', shell: ['python3', 'numbers_of.py'] },
  streams: { default: { fields: ['n'] } },
  inputs: [{ from: 'source', grouping: { kind: 'shuffle' } }],
};
const spout: RigComponent = { ...bolt, kind: 'spout', inputs: [] };

function sinkOf(grouping: Grouping, tasks = 2): RigComponent {
  return {
    id: `sink-${grouping.kind}-${tasks}`,
    kind: 'bolt',
    tasks,
    inputs: [{ from: 'numbers', grouping }],
  };
}

interface Emit {
  readonly before: number;
  readonly ids: readonly number[];
}

describe('task ids ahead of emits', () => {
  let rig: ShellRig;

  afterEach(() => rig.close());

  /** Has the component emit its numbers; checks that each number went where its ids say. */
  async function run(
    component: RigComponent,
    sinks: readonly RigComponent[],
    { conf = {}, resources = {} } = {},
  ): Promise<Emit[]> {
    const source: RigComponent = { id: 'source', kind: 'spout', streams: { default: { fields: ['n'] } } };
    const script = component.kind === 'bolt' ? boltScript : spoutScript;
    rig = new ShellRig({
      components: component.kind === 'bolt' ? [source, component, ...sinks] : [component, ...sinks],
      conf,
      resources: { 'numbers_of.py': script, ...resources },
    });
    await rig.start('numbers');
    if (component.kind === 'bolt') {
      const numbers = Array.from({ length: tuples }, (_, n) => ({ values: [java.int(n)], anchors: [] }));
      rig.send('source', rig.tasksOf('numbers')[0]!, numbers);
    }
    const line = /emit (\d+) (\d+) (\[.*\])/g;
    const emits = await rig.waitFor(
      'every emit',
      () => {
        const found = [...rig.workerLog().matchAll(line)];
        return found.length === tuples && found;
      },
      60_000,
    );
    return emits.map(([, n, before, text]) => {
      const ids = JSON.parse(text!) as number[];
      const targets = sinks.flatMap(({ id }) =>
        rig.to(id).filter(({ values }) => JSON.stringify(values[0]) === JSON.stringify(java.int(Number(n)))),
      );
      assert.deepEqual(targets.map(({ target }) => target).sort(), [...ids].sort(), `number ${n}`);
      return { before: Number(before), ids };
    });
  }

  const sendsAhead: Readonly<Record<string, readonly RigComponent[]>> = {
    'by shuffle': [sinkOf({ kind: 'shuffle' }, 3)],
    'by several groupings': [
      sinkOf({ kind: 'local_or_shuffle' }),
      sinkOf({ kind: 'all' }),
      sinkOf({ kind: 'none' }),
    ],
    'to the first task': [sinkOf({ kind: 'fields', fields: [] }, 3)],
    'by fields to a single task': [sinkOf({ kind: 'fields', fields: ['n'] }, 1)],
    'to no component': [],
  };
  for (const component of [bolt, spout]) {
    for (const [how, sinks] of Object.entries(sendsAhead)) {
      it(`reach a ${component.kind} that emits ${how}, and every tuple goes where its list says`, async () => {
        const emits = await run(component, sinks);
        assert.equal(emits[0]!.before, listsAhead);
        assert.ok(emits.every(({ before }) => before <= listsAhead));
      });
    }
  }

  const waits: Readonly<Record<string, Parameters<typeof run>>> = {
    'whose values choose the task': [bolt, [sinkOf({ kind: 'fields', fields: ['n'] })]],
    'with two streams': [
      { ...bolt, streams: { default: { fields: ['n'] }, other: { fields: ['n'] } } },
      [sinkOf({ kind: 'shuffle' })],
    ],
    'with topology.egret.shell.task.ids.ahead false': [
      bolt,
      [sinkOf({ kind: 'shuffle' })],
      { conf: { 'topology.egret.shell.task.ids.ahead': false } },
    ],
  };
  for (const [which, parts] of Object.entries(waits)) {
    it(`do not come to a component ${which}`, async () => {
      const emits = await run(...parts);
      assert.ok(emits.every(({ before }) => before === 0));
    });
  }
});
