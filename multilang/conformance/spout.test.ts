import assert from 'node:assert/strict';
import { type Adapter, ownAdapters, stockAdapters } from './adapters.ts';
import { Parent, taskIds } from './parent.ts';
import { examplesOf } from './schema.ts';

let parent: Parent | undefined;

afterEach(() => Parent.endAll());

for (const adapter of [...ownAdapters, ...(stockAdapters() ?? [])]) {
  describe(`multilang spouts: ${adapter.name}`, () => {
    describeSpout(adapter);
  });
}

function describeSpout(adapter: Adapter): void {
  const startWith = async (...turns: readonly unknown[]) => {
    parent = await Parent.start(adapter, 'spout', { 'probe.turns': turns });
    return parent;
  };
  const step = async (command: string, id: unknown = '') => {
    parent!.send({ command, id });
    return (await parent!.nextUntil('sync')).slice(0, -1);
  };

  it('answers every example of a command in the schema with one sync', async () => {
    await startWith();
    for (const example of [...examplesOf('SpoutStep'), ...examplesOf('SpoutOutcome')]) {
      parent!.send(example);
      await parent!.nextUntil('sync');
    }
    parent!.endInput();
    assert.deepEqual(
      (await parent!.exit()).rest.filter(({ command }) => command === 'sync'),
      [],
    );
  });

  it('ends each turn with sync, however many tuples it emitted', async () => {
    await startWith(
      [{ emit: ['a'] }, { emit: ['b'] }, { log: 'between' }, { emit: ['c'] }],
      [],
      [{ emit: ['d'] }],
    );
    const first = await step('next');
    assert.deepEqual(
      first.map(({ tuple, msg }) => tuple ?? msg),
      [['a'], ['b'], 'between', ['c']],
    );
    assert.deepEqual(await step('next'), []);
    assert.deepEqual(
      (await step('next')).map(({ tuple }) => tuple),
      [['d']],
    );
    assert.deepEqual(await step('next'), []);
  });

  it('sends ids, streams and tasks along, and no anchors', async () => {
    await startWith([
      { emit: ['a'], id: 'line-7' },
      { emit: ['b'], id: { partition: 3, offset: 42 }, stream: 'lines' },
      { emit: ['c'], id: 0 },
      { emit: ['d'], task: 9, id: 'x' },
      { emit: ['e'] },
    ]);
    const emits = await step('next');
    assert.deepEqual(
      emits.map(({ id, stream, task }) => [id, stream, task]),
      [
        ['line-7', undefined, undefined],
        [{ partition: 3, offset: 42 }, 'lines', undefined],
        [0, undefined, undefined],
        ['x', undefined, 9],
        [undefined, undefined, undefined],
      ].map(([id, stream, task]) => [id, stream ?? emits[0]!['stream'], task]),
    );
    assert.ok(emits.every((emit) => !('anchors' in emit)));
  });

  it('hands the task ids of an emit to the component before the turn ends', async () => {
    await startWith([
      { emit: ['a'], ids: true },
      { emit: ['b'], ids: true },
    ]);
    const logs = (await step('next')).filter(({ command }) => command === 'log');
    assert.deepEqual(
      logs.map(({ msg }) => String(msg).replaceAll(' ', '')),
      [`ids${JSON.stringify(taskIds)}`, `ids${JSON.stringify(taskIds)}`],
    );
  });

  it('hands acks and fails over with the id as it was', async () => {
    await startWith();
    for (const id of ['line-7', 42, { partition: 3, offset: [1, null] }, true]) {
      for (const outcome of ['ack', 'fail']) {
        const [log] = await step(outcome, id);
        const [word, ...text] = String(log!['msg']).split(' ');
        assert.deepEqual([word, JSON.parse(text.join(' '))], [outcome, id]);
      }
    }
  });

  it('hands activate and deactivate over', async () => {
    await startWith([{ emit: ['a'] }]);
    assert.deepEqual(
      (await step('activate')).map(({ msg }) => msg),
      ['activate'],
    );
    assert.deepEqual(
      (await step('next')).map(({ tuple }) => tuple),
      [['a']],
    );
    assert.deepEqual(
      (await step('deactivate')).map(({ msg }) => msg),
      ['deactivate'],
    );
    assert.deepEqual(
      (await step('activate')).map(({ msg }) => msg),
      ['activate'],
    );
  });

  if (adapter.origin === 'ours') {
    it('reports an exception and ends with 1', async () => {
      await startWith([{ emit: ['a'] }, { throw: 'requested exception' }]);
      parent!.send({ command: 'next', id: '' });
      const messages = await parent!.nextUntil('error');
      assert.match(String(messages.at(-1)!['msg']), /requested exception/);
      assert.deepEqual(await parent!.exit(), { code: 1, signal: null, rest: [] });
    });

    it('asks for task ids only when the component wants them', async () => {
      await startWith([{ emit: ['a'] }, { emit: ['b'], ids: true }]);
      const emits = (await step('next')).filter(({ command }) => command === 'emit');
      assert.deepEqual(
        emits.map((emit) => emit['need_task_ids']),
        [!adapter.asksOnlyWhenTold, true],
      );
    });
  }
}
