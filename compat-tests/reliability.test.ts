import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { textFile, withCase } from './case.ts';
import { eventually, recordsOf, tuplesOf } from './records.ts';
import { closeTarget } from './target.ts';

const lineCount = readFileSync(textFile, 'utf8').trimEnd().split('\n').length;
const numbers = Array.from({ length: lineCount }, (_, number) => number);

/** Returns the message ids that the spout was notified of, in order of number. */
function told(out: string, what: 'ack' | 'fail'): number[] {
  const lines = [...recordsOf(out, 'lines').values()].flat();
  return lines
    .filter(([kind]) => kind === what)
    .map(([, id]) => id as number)
    .sort((a, b) => a - b);
}

describe('reliability', () => {
  after(closeTarget);

  for (const workers of [1, 2]) {
    it(`fails a tuple back to its spout and acks its second try, on ${workers} worker(s)`, async () => {
      await withCase('fail-once', { how: 'fail', workers, par: 2 }, async ({ out }) => {
        await eventually('every line acked', () => (told(out, 'ack').length >= lineCount ? true : undefined));
        assert.deepEqual(told(out, 'fail'), numbers);
        assert.deepEqual(told(out, 'ack'), numbers);
        assert.deepEqual(
          tuplesOf(out, 'sink')
            .map((tuple) => Number(tuple.values[0]![1]))
            .sort((a, b) => a - b),
          numbers,
        );
      });
    });
  }

  it('times out what a bolt forgets, and the second try is acked', async () => {
    await withCase(
      'fail-once',
      { how: 'drop', workers: 2, 'topology.message.timeout.secs': 3 },
      async ({ out }) => {
        await eventually('every line acked', () => (told(out, 'ack').length >= lineCount ? true : undefined));
        assert.deepEqual(told(out, 'fail'), numbers);
        assert.deepEqual(told(out, 'ack'), numbers);
      },
    );
  });

  it('acks inside emit when the topology has no ackers', async () => {
    await withCase(
      'fail-once',
      { how: 'drop', workers: 1, 'topology.acker.executors': 0 },
      async ({ out }) => {
        await eventually('every line acked', () => (told(out, 'ack').length >= lineCount ? true : undefined));
        assert.deepEqual(told(out, 'fail'), []);
      },
    );
  });

  it('gives a tick tuple to a bolt that asks for ticks', async () => {
    await withCase('tick', {}, async ({ out }) => {
      const ticks = await eventually('two ticks', () => {
        const found = tuplesOf(out, 'ticking').filter((tuple) => tuple.sourceComponent === '__system');
        return found.length >= 2 ? found : undefined;
      });
      assert.equal(ticks[0]!.sourceStream, '__tick');
      assert.equal(ticks[0]!.sourceTask, -1);
      assert.deepEqual(ticks[0]!.values, [['java.lang.Integer', '1']]);
    });
  });

  it('fills a tumbling window of ten', async () => {
    await withCase('window', { workers: 2 }, async ({ out }) => {
      const [first] = await eventually('a window', () => {
        const found = tuplesOf(out, 'sink');
        return found.length >= 1 ? found : undefined;
      });
      assert.deepEqual(first!.values, [['java.lang.Integer', '10']]);
    });
  });

  it('tells a bolt its place in the topology', async () => {
    await withCase('context', { workers: 2, 'topology.acker.executors': 2 }, async ({ out, name }) => {
      const contexts = await eventually('three tasks prepared', () => {
        const found = [...recordsOf(out, 'context').values()].flat().filter(([what]) => what === 'context');
        return found.length >= 3 ? found : undefined;
      });
      contexts.sort((a, b) => (a[2] as number) - (b[2] as number));
      assert.deepEqual(
        contexts.map(([, component, task, index]) => [component, task, index]),
        [
          ['context', 3, 0],
          ['context', 4, 1],
          ['context', 5, 2],
        ],
      );
      const [, , , , tasks, sources, fields, own, topologyName, id] = contexts[0]!;
      // sorted ids: acker, acker, context x3, lines x2
      assert.equal(tasks, '{1=__acker, 2=__acker, 3=context, 4=context, 5=context, 6=lines, 7=lines}');
      assert.match(sources as string, /componentId:lines, streamId:default/);
      assert.deepEqual(fields, ['line', 'number']);
      assert.equal(own, 'of the component');
      assert.equal(topologyName, name);
      assert.match(id as string, new RegExp(`^${name}-\\d+-\\d+$`));
    });
  });
});
