import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { textFile, withCase } from './case.ts';
import { killTopology, topologyInfo } from './nimbus.ts';
import { eventually, tuplesOf } from './records.ts';
import { submit } from './storm-client.ts';
import { closeTarget, target } from './target.ts';

/** Waits for an error of a component in getTopologyInfo and returns its text. */
function errorOf(name: string, component: string): Promise<string> {
  return eventually(
    `an error of ${component}`,
    async () => (await topologyInfo(name)).errors.get(component)?.[0]?.error,
  );
}

describe('faults of components', () => {
  const healthy = `healthy-${process.pid}`;
  let healthyOut = '';

  /** A topology that nothing happens to, and that must not notice what happens to the others. */
  before(async () => {
    healthyOut = join((await target()).scratch, healthy);
    mkdirSync(healthyOut, { recursive: true });
    await submit(healthy, 'count', { 'compat.pace': 20, 'compat.out': healthyOut, 'compat.text': textFile });
    await flowing();
  });
  after(async () => {
    await killTopology(healthy, 0);
    await closeTarget();
  });

  async function flowing(): Promise<void> {
    const before = tuplesOf(healthyOut, 'sink').length;
    await eventually('tuples of the healthy topology', () =>
      tuplesOf(healthyOut, 'sink').length > before + 10 ? true : undefined,
    );
  }

  for (const where of ['prepare', 'execute']) {
    it(`a bolt that throws in ${where} shows its stack trace in the topology's errors`, async () => {
      await withCase('throws', { where }, async ({ name }) => {
        assert.match(
          await errorOf(name, 'thrower'),
          new RegExp(`IllegalStateException: the thrower throws in ${where}`),
        );
      });
    });
  }

  const shellFaults = [
    ['a script that does not exist', 'split:python3:no_such_script.py', /no_such_script\.py/],
    ['a command that does not exist', 'split:no-such-interpreter:split_python.py', /no-such-interpreter/],
    ['a child that exits at once', 'split:false:split_python.py', /false/],
    ['a child that prints rubbish', 'split:echo:rubbish', /rubbish/],
  ] as const;
  for (const [what, shell, named] of shellFaults) {
    it(`${what} is named in the topology's errors, and other topologies keep flowing`, async function () {
      // Storm reports only that the pipe to the subprocess seems to be broken, and restarts the worker
      // endlessly.
      if ((await target()).kind === 'storm') this.skip();
      await withCase('count', { shell }, async ({ name }) => {
        const error = await errorOf(name, 'split');
        assert.match(error, named);
        await flowing();
      });
    });
  }
});
