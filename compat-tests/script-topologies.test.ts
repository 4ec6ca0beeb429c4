import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { TopologyBuilder } from '../multilang/javascript/topology/index.mjs';
import { textFile } from './case.ts';
import { killTopology } from './nimbus.ts';
import { eventually } from './records.ts';
import { closeTarget, root, target } from './target.ts';

const pythonPath = `${join(root, 'multilang/python/src')}:${join(root, 'build/python')}`;

/** More lines than fit into the queues at once. */
function writeLongText(path: string): string {
  writeFileSync(path, readFileSync(textFile, 'utf8').trimEnd().concat('\n').repeat(40));
  return path;
}

/** The words of a file by how often each occurs, counted by other means than a topology. */
function countedHere(path: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of readFileSync(path, 'utf8').split(/\s+/))
    if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function reported(path: string): Map<string, number> {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return new Map(
    lines.filter((line) => line !== '').map((line) => [line.split('\t')[0]!, Number(line.split('\t')[1])]),
  );
}

async function expectCounts(input: string, output: string): Promise<void> {
  const expected = countedHere(input);
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  await eventually(`${sum(expected)} words in ${output}`, () =>
    sum(reported(output)) >= sum(expected) ? true : undefined,
  );
  assert.deepEqual(reported(output), new Map([...expected].sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The command lines of the processes below `pid`. */
function commandsBelow(pid: number): string[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => /^\s*(\d+)\s+(\d+)\s+(\S.*)$/.exec(row)!)
    .map(([, own, parent, args]) => ({ own: Number(own), parent: Number(parent), args: args! }));
  const below = (parent: number): string[] =>
    rows.filter((row) => row.parent === parent).flatMap(({ own, args }) => [args, ...below(own)]);
  return below(pid);
}

describe('topologies of scripts, submitted without Java', () => {
  after(() => closeTarget());

  for (const workers of [1, 2]) {
    it(`counts every word of the Python example exactly on ${workers} worker(s), and starts no JVM`, async () => {
      const { host, port, scratch, gateway } = await target();
      const name = `python-words-${process.pid}-${workers}`;
      const [input, output] = [writeLongText(join(scratch, `${name}.txt`)), join(scratch, `${name}.tsv`)];
      const args = [input, output, '--nimbus', `${host}:${port}`, '--name', name, '--workers', `${workers}`];
      const submitting = spawn('python3', [join(root, 'examples/python/submit.py'), ...args], {
        env: { ...process.env, PYTHONPATH: pythonPath },
      });
      const [said, complained] = await Promise.all([
        text(submitting.stdout),
        text(submitting.stderr),
        once(submitting, 'close'),
      ]);
      assert.deepEqual([submitting.exitCode, complained], [0, '']);
      assert.match(said, new RegExp(`submitted ${name}`));
      try {
        await expectCounts(input, output);
        if (gateway !== undefined) {
          const commands = commandsBelow(gateway.pid!);
          assert.ok(
            commands.some((command) => command.includes('count.py')),
            commands.join('\n'),
          );
          assert.deepEqual(
            commands.filter((command) => /\bjava\b/.test(command)),
            [],
          );
        }
      } finally {
        await killTopology(name, 0);
      }
    });
  }

  it('refuses a second topology of the name, in the words of the Python builder', async () => {
    const { host, port, scratch } = await target();
    const name = `python-twice-${process.pid}`;
    const input = writeLongText(join(scratch, `${name}.txt`));
    const args = [input, join(scratch, `${name}.tsv`), '--nimbus', `${host}:${port}`, '--name', name];
    const submit = () =>
      execFileSync('python3', [join(root, 'examples/python/submit.py'), ...args], {
        env: { ...process.env, PYTHONPATH: pythonPath },
        stdio: 'pipe',
        encoding: 'utf8',
      });
    submit();
    try {
      assert.throws(submit, /does not take the name|already alive/);
    } finally {
      await killTopology(name, 0);
    }
  });

  it('counts every word exactly through a JavaScript spout, C++ bolts and a Python sink', async function () {
    const { host, port, scratch, kind } = await target();
    if (kind === 'storm') this.skip(); // Storm unpacks resources without their executable bit
    const name = `mixed-words-${process.pid}`;
    const resources = join(scratch, `${name}-resources`);
    mkdirSync(resources);
    for (const program of ['split_sentence', 'word_count'])
      copyFileSync(join(root, 'build/cpp/examples', program), join(resources, program));
    copyFileSync(join(root, 'examples/python/resources/report.py'), join(resources, 'report.py'));
    copyFileSync(join(root, 'multilang/conformance/fixtures/lines.js'), join(resources, 'lines.js'));
    const vendor = ['-m', 'egret', 'vendor', resources];
    execFileSync('python3', vendor, { env: { ...process.env, PYTHONPATH: pythonPath } });
    const [input, output] = [writeLongText(join(scratch, `${name}.txt`)), join(scratch, `${name}.tsv`)];
    await mixedTopology().submit(name, {
      nimbus: `${host}:${port}`,
      resources,
      conf: { 'topology.workers': 2, 'word.count.input': input, 'word.count.output': output },
    });
    try {
      await expectCounts(input, output);
    } finally {
      await killTopology(name, 0);
    }
  });
});

function mixedTopology(): TopologyBuilder {
  const builder = new TopologyBuilder();
  const program = { script: '', parallelism: 2 };
  builder.setSpout('lines', { script: 'lines.js', outputs: ['line'] });
  builder
    .setBolt('split', { ...program, executionCommand: './split_sentence', outputs: ['word'] })
    .shuffleGrouping('lines');
  builder
    .setBolt('count', { ...program, executionCommand: './word_count', outputs: ['word', 'count'] })
    .fieldsGrouping('split', ['word']);
  const conf = { 'topology.tick.tuple.freq.secs': 1 };
  builder
    .setBolt('report', { script: 'report.py', executionCommand: 'python3', conf })
    .globalGrouping('count');
  return builder;
}
