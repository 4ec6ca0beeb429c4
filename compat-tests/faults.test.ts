import assert from 'node:assert/strict';
import { withCase } from './case.ts';
import { topologyInfo } from './nimbus.ts';
import { eventually } from './records.ts';
import { closeTarget, target } from './target.ts';

/** Waits for an error of a component in getTopologyInfo and returns its text. */
function errorOf(name: string, component: string): Promise<string> {
  return eventually(
    `an error of ${component}`,
    async () => (await topologyInfo(name)).errors.get(component)?.[0]?.error,
  );
}

describe('faults of components', () => {
  after(closeTarget);

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
      // Storm says only that the pipe to the subprocess seems to be broken, and restarts the worker for ever
      if ((await target()).kind === 'storm') this.skip();
      await withCase('count', { shell }, async ({ name }) => {
        const error = await errorOf(name, 'split');
        assert.match(error, named);
      });
    });
  }
});
