import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ownGateway } from './bad-luck.ts';
import { textFile, withCase } from './case.ts';
import { killTopology, topologyInfo } from './nimbus.ts';
import { processesOf, processesUnder, type RunningProcess } from './processes.ts';
import { eventually, recordsOf, tuplesOf } from './records.ts';
import { submit } from './storm-client.ts';
import { closeTarget, openTarget } from './target.ts';

/**
 * Storm promises nothing of this: there the end of a child ends its worker, and an emit to a task always
 * does.
 */
describe('shell components inside Java', () => {
  let dir = '';
  let scratch = '';

  before(async function () {
    await openTarget({});
    ({ localDir: dir, scratch } = await ownGateway(this));
  });
  after(closeTarget);

  describe('a Python split of a word count', () => {
    const name = `shell-in-java-${process.pid}`;
    let out = '';

    before(async () => {
      out = join(scratch, name);
      mkdirSync(out, { recursive: true });
      await submit(name, 'count', {
        split: 'python',
        'compat.pace': 50,
        'compat.out': out,
        'compat.text': textFile,
        'topology.message.timeout.secs': 300, // what is failed in this test is failed at once
      });
      await flowing();
    });
    after(() => killTopology(name, 0));

    const jvms = (): number[] => processesOf(dir, 'jvm').map(({ pid }) => pid);
    const child = (): RunningProcess | undefined => processesOf(dir, 'child')[0];
    const otherChild = (than: RunningProcess): Promise<RunningProcess> =>
      eventually('a new child', () => processesOf(dir, 'child').find(({ pid }) => pid !== than.pid));

    /** Waits until the sink has got more than all queues on the way could have held. */
    async function flowing(): Promise<void> {
      const before = tuplesOf(out, 'sink').length;
      await eventually('tuples at the sink', () =>
        tuplesOf(out, 'sink').length > before + 1500 ? true : undefined,
      );
    }

    const errorLike = (says: RegExp): Promise<true> =>
      eventually(`an error like ${says.source}`, async () => {
        const errors = (await topologyInfo(name)).errors.get('split') ?? [];
        return errors.some(({ error }) => says.test(error)) ? true : undefined;
      });

    it('costs its task a restart when it is killed, and no JVM', async () => {
      const before = jvms();
      for (let kills = 0; kills < 2; kills++) {
        const victim = child()!;
        process.kill(victim.pid, 'SIGKILL');
        await otherChild(victim);
        await flowing();
      }
      assert.deepEqual(jvms(), before);
      await errorLike(/"python3 split_python\.py" in .* was ended by SIGKILL/);
    });

    it('is found and replaced when it is stopped', async () => {
      const before = jvms();
      const victim = child()!;
      process.kill(victim.pid, 'SIGSTOP');
      await otherChild(victim);
      await flowing();
      assert.deepEqual(jvms(), before);
      await errorLike(/was stopped by a signal for 2 s \(egret\.process\.stopped\.secs/);
      assert.deepEqual(
        processesOf(dir, 'child').filter(({ pid }) => pid === victim.pid),
        [],
      );
    });

    it('has every line that failed with it done in the end', async () => {
      await eventually('an ack after each fail', () => {
        const [lines = []] = [...recordsOf(out, 'lines').values()];
        const open = new Set<unknown>();
        let fails = 0;
        for (const [what, number] of lines) {
          if (what === 'fail') {
            open.add(number);
            fails++;
          } else if (what === 'ack') open.delete(number);
        }
        return fails > 0 && open.size === 0 ? true : undefined;
      });
    });
  });

  for (const workers of [1, 2]) {
    it(`emits straight to tasks and nested values, on ${workers} worker(s)`, async () => {
      await withCase('shell-values', { workers }, async ({ out }) => {
        const lines = await eventually('all lines', () => {
          const direct = tuplesOf(out, 'direct-sink');
          const nested = tuplesOf(out, 'nested-sink');
          const [spout = []] = [...recordsOf(out, 'lines').values()];
          const acks = spout.filter(([what]) => what === 'ack').length;
          return acks > 0 && direct.length === acks && nested.length === 2 * acks ? acks : undefined;
        });
        const direct = tuplesOf(out, 'direct-sink');
        const tasks = [...new Set(direct.map(({ task }) => task))].sort((a, b) => a - b);
        assert.equal(tasks.length, 3);
        for (const { task, values } of direct) {
          assert.equal(values[0]![0], 'java.lang.Integer');
          assert.equal(task, tasks[Number(values[0]![1]) % 3]);
        }
        const [nested] = tuplesOf(out, 'nested-sink').filter(({ values }) =>
          values[0]![1].startsWith('[1, '),
        );
        assert.deepEqual(nested!.values, [['java.util.ArrayList', '[1, [one, 2], {k=[1.5, null]}]']]);
        assert.ok(lines > 1);
      });
    });
  }

  it('tells task ids ahead, and emits go where they said', async () => {
    await withCase('shell-told', { workers: 1 }, async ({ out }) => {
      const tuples = await eventually('all lines', () => {
        const [spout = []] = [...recordsOf(out, 'lines').values()];
        const acks = spout.filter(([what]) => what === 'ack').length;
        const found = tuplesOf(out, 'sink');
        return acks > 0 && found.length === 2 * acks ? found : undefined;
      });
      const taskOf = new Map<string, number>();
      for (const { task, values } of tuples) if (values[1]![1] === '') taskOf.set(values[0]![1], task);
      const told = tuples
        .filter(({ values }) => values[1]![1] !== '')
        .map(({ values }) => [values[0]![1], values[1]![1].split(' ')] as const);
      for (const [number, [task]] of told) assert.equal(Number(task), taskOf.get(number));
      assert.ok(new Set(taskOf.values()).size > 1);
      assert.ok(told.some(([, [, ready]]) => Number(ready) > 0));
    });
  });

  for (const victims of ['the JVM', 'the JVM and its container'] as const) {
    it(`a child that hears nothing does not outlive ${victims}, killed with -9`, async () => {
      await withCase('count', { split: 'deaf', 'compat.pace': 1 }, async () => {
        const deaf = (): number[] =>
          processesUnder(dir)
            .filter(({ command }) => command.includes('deaf.py'))
            .map(({ pid }) => pid);
        const [pid] = await eventually('the child', () => (deaf().length === 1 ? deaf() : undefined));
        if (victims === 'the JVM and its container') {
          const containers = processesOf(dir, 'container');
          for (const { pid } of containers) process.kill(pid, 'SIGKILL');
        }
        for (const { pid } of processesOf(dir, 'jvm')) process.kill(pid, 'SIGKILL');
        await eventually('its end', () => (deaf().includes(pid!) ? undefined : true));
        await eventually('another one', () => (deaf().length === 1 ? true : undefined));
      });
      await eventually('the end of all', () =>
        processesUnder(dir).some(({ command }) => command.includes('deaf.py')) ? undefined : true,
      );
    });
  }
});
