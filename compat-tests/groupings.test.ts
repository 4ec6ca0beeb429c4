import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { textFile, withCase } from './case.ts';
import { eventually, type RecordedTuple, recordsOf, tuplesOf } from './records.ts';
import { closeTarget } from './target.ts';

const lines = readFileSync(textFile, 'utf8').trimEnd().split('\n');
const tasks = 3;

/** java.util.Arrays.deepHashCode over one String, as its documentation defines it. */
function hashOfString(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

const floorMod = (value: number, n: number): number => ((value % n) + n) % n;

/** Numbers of the lines each task got, tasks in ascending order of their ids. */
function numbersByTask(tuples: readonly RecordedTuple[], taskIds: readonly number[]): number[][] {
  return taskIds.map((task) =>
    tuples.filter((tuple) => tuple.task === task).map((tuple) => Number(tuple.values[1]![1])),
  );
}

describe('groupings', () => {
  after(closeTarget);

  for (const workers of [1, 2]) {
    it(`send each line where Storm's groupings say, on ${workers} worker(s)`, async () => {
      await withCase(
        'groupings',
        { workers, par: tasks, 'topology.disable.loadaware.messaging': 'true' },
        async ({ out }) => {
          const everywhere = [
            'fields',
            'fields-number',
            'fields-both',
            'global',
            'none',
            'shuffle',
            'local',
            'partial',
            'custom',
          ];
          await eventually(`${lines.length} lines at every bolt`, () => {
            const isDone = everywhere.every((bolt) => tuplesOf(out, bolt).length >= lines.length);
            return isDone && tuplesOf(out, 'all').length >= tasks * lines.length ? true : undefined;
          });
          const byTask = (bolt: string): number[][] =>
            numbersByTask(
              tuplesOf(out, bolt),
              [...recordsOf(out, bolt).keys()].sort((a, b) => a - b),
            );
          const all = lines.map((_, number) => number);
          const wanted = (choose: (line: string, number: number) => number): number[][] =>
            Array.from({ length: tasks }, (_, task) =>
              all.filter((number) => choose(lines[number]!, number) === task),
            );

          assert.deepEqual(
            byTask('fields'),
            wanted((line) => floorMod((31 + hashOfString(line)) | 0, tasks)),
          );
          assert.deepEqual(
            byTask('fields-number'),
            wanted((_, number) => floorMod(31 + number, tasks)),
          );
          assert.deepEqual(
            byTask('fields-both'),
            wanted((line, number) =>
              floorMod((Math.imul(31, (31 + hashOfString(line)) | 0) + number) | 0, tasks),
            ),
          );
          assert.deepEqual(byTask('all'), [all, all, all]);
          assert.deepEqual(byTask('global'), [all, [], []]);
          assert.deepEqual(byTask('custom'), [[], [], all]);
          for (const bolt of ['none', 'shuffle', 'local', 'partial']) {
            assert.deepEqual(
              byTask(bolt)
                .flat()
                .sort((a, b) => a - b),
              all,
              bolt,
            );
          }
          const shuffled = byTask('shuffle').map((numbers) => numbers.length);
          assert.deepEqual(shuffled, [lines.length / tasks, lines.length / tasks, lines.length / tasks]);
        },
      );
    });
  }

  it('emitDirect reaches the task that was named', async () => {
    await withCase('direct', { workers: 2 }, async ({ out }) => {
      await eventually(`${lines.length} tuples`, () =>
        tuplesOf(out, 'sink').length >= lines.length ? true : undefined,
      );
      const taskIds = [...recordsOf(out, 'sink').keys()].sort((a, b) => a - b);
      for (const { task, values } of tuplesOf(out, 'sink'))
        assert.equal(task, taskIds[Number(values[0]![1]) % 3]);
    });
  });
});
