import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeLeavingNothing, errorOf, ownGateway } from './bad-luck.ts';
import { textFile } from './case.ts';
import { killTopology } from './nimbus.ts';
import { processesUnder } from './processes.ts';
import { eventually } from './records.ts';
import { submit } from './storm-client.ts';
import { openTarget, root, target } from './target.ts';
import { countWords, readCounts, total } from './word-count-file.ts';

const text = join(root, 'examples', 'texts', 'address.txt');
const expected = countWords(text);

/** Topologies of scripts, built and submitted without Java: no JVM runs for them, anywhere. */
describe('topologies without Java', () => {
  let localDir = '';
  let scratch = '';
  /** A JVM that runs for a moment only is caught too: it could not start. */
  const noJava = '/no/such/java';

  before(async function () {
    await openTarget({ args: ['-c', `egret.java.command=${noJava}`] });
    ({ localDir, scratch } = await ownGateway(this));
  });
  after(closeLeavingNothing);

  async function assertCounts(name: string, output: string, submittedMs: number): Promise<void> {
    try {
      await eventually('the first counts', () => (total(readCounts(output)) > 0 ? true : undefined));
      process.stdout.write(
        `      ${Math.round(performance.now() - submittedMs)} ms from submission to first counts\n`,
      );
      await eventually('as many words as the text has', () =>
        total(readCounts(output)) >= total(expected) ? true : undefined,
      );
      assert.deepEqual(readCounts(output), expected);
      assert.deepEqual(
        processesUnder(localDir).filter(({ command }) => /^\S*java\b/.test(command)),
        [],
      );
    } finally {
      await killTopology(name, 0);
    }
  }

  for (const workers of [1, 2]) {
    it(`examples/python, submitted by the Python builder, counts the text on ${workers} ${workers === 1 ? 'worker' : 'workers'}`, async () => {
      const { host, port } = await target();
      const name = `python-${workers}-${process.pid}`;
      const output = join(scratch, `${name}.txt`);
      const script = join(root, 'examples', 'python', 'submit.py');
      const options = ['--nimbus', `${host}:${port}`, '--name', name, '--workers', String(workers)];
      await run('python3', [script, text, output, ...options]);
      await assertCounts(name, output, performance.now());
    });
  }

  it('a topology with Java components shows that there is no Java, and what to do', async () => {
    const name = `java-${process.pid}`;
    await submit(name, 'count', { 'compat.pace': 20, 'compat.out': scratch, 'compat.text': textFile });
    try {
      const error = await errorOf(name, 'sink');
      assert.match(error, /cannot start Java \(\/no\/such\/java\).* Install Java 17 or later/);
    } finally {
      await killTopology(name, 0);
    }
  });

  it('a word count of JavaScript, submitted by the JavaScript builder, counts the text', async () => {
    const { host, port } = await target();
    const name = `javascript-${process.pid}`;
    const output = join(scratch, `${name}.txt`);
    const resources = join(scratch, 'javascript');
    mkdirSync(resources);
    for (const [file, source] of Object.entries(scripts)) writeFileSync(join(resources, file), source);
    const { TopologyBuilder } = await import('../multilang/javascript/topology/index.mjs');
    const builder = new TopologyBuilder();
    builder.setSpout('lines', { script: 'lines.js', outputs: ['line'] });
    builder
      .setBolt('split', { script: 'split.js', outputs: ['word'], parallelism: 2 })
      .shuffleGrouping('lines');
    builder
      .setBolt('count', { script: 'count.js', outputs: ['word', 'count'], parallelism: 2 })
      .fieldsGrouping('split', ['word']);
    builder.setBolt('report', { script: 'report.js' }).globalGrouping('count');
    const conf = { 'topology.workers': 2, 'word.count.input': text, 'word.count.output': output };
    await builder.submit(name, { nimbus: `${host}:${port}`, resources, conf });
    await assertCounts(name, output, performance.now());
  });
});

/** Parts of a word count as users write them for Node: the package lies beside them. */
const scripts = {
  'lines.js': `
const { readFileSync } = require('node:fs');
const { Spout } = require('./egret/index.cjs');

class Lines extends Spout {
  initialize(conf, context, done) {
    this.lines = readFileSync(conf['word.count.input'], 'utf8').split('\\n');
    this.next = 0;
    this.failed = [];
    done();
  }
  nextTuple(done) {
    const number = this.failed.pop() ?? (this.next < this.lines.length ? this.next++ : undefined);
    if (number !== undefined) this.emit({ tuple: [this.lines[number]], id: String(number) }, () => undefined);
    done();
  }
  ack(id, done) { done(); }
  fail(id, done) { this.failed.push(Number(id)); done(); }
}
new Lines().run();
`,
  'split.js': `
const { BasicBolt } = require('./egret/index.cjs');

class Split extends BasicBolt {
  process(tuple, done) {
    for (const word of tuple.values[0].split(/\\s+/)) {
      if (word !== '') this.emit({ tuple: [word], anchorTupleId: tuple.id }, () => undefined);
    }
    done();
  }
}
new Split().run();
`,
  'count.js': `
const { BasicBolt } = require('./egret/index.cjs');

class Count extends BasicBolt {
  process(tuple, done) {
    this.counts ??= new Map();
    const [word] = tuple.values;
    this.counts.set(word, (this.counts.get(word) ?? 0) + 1);
    this.emit({ tuple: [word, this.counts.get(word)], anchorTupleId: tuple.id }, () => undefined);
    done();
  }
}
new Count().run();
`,
  'report.js': `
const { renameSync, writeFileSync } = require('node:fs');
const { BasicBolt } = require('./egret/index.cjs');

class Report extends BasicBolt {
  initialize(conf, context, done) {
    this.output = conf['word.count.output'];
    this.counts = new Map();
    setInterval(() => this.write(), 200);
    done();
  }
  process(tuple, done) {
    const [word, count] = tuple.values;
    if (count > (this.counts.get(word) ?? 0)) this.counts.set(word, count);
    const isFirst = this.isChanged === undefined;
    this.isChanged = true;
    if (isFirst) this.write();
    done();
  }
  write() {
    if (!this.isChanged) return;
    this.isChanged = false;
    writeFileSync(this.output + '.new', [...this.counts].map(([word, count]) => word + '\\t' + count + '\\n').join(''));
    renameSync(this.output + '.new', this.output);
  }
}
new Report().run();
`,
};

/** Runs a script of the Python builder and fails with its output when it fails. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const builder = join(root, 'multilang', 'python', 'src');
  const env = { ...process.env, PYTHONPATH: `${builder}:${join(root, 'build', 'python')}` };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  assert.equal(code, 0, output);
}
