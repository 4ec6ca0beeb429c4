import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeLeavingNothing, ownGateway } from './bad-luck.ts';
import { killTopology } from './nimbus.ts';
import { processesUnder } from './processes.ts';
import { eventually, recordsOf, tuplesOf } from './records.ts';
import { submit } from './storm-client.ts';
import { openTarget } from './target.ts';

const lines = 3000;
const linesASecond = 400;

/** Streams that go through the log: what the log has acked comes to its consumers, whatever dies. */
describe('durable streams', () => {
  let dir = '';
  let scratch = '';
  let text = '';

  before(async function () {
    await openTarget({});
    const found = await ownGateway(this);
    ({ scratch } = found);
    dir = found.localDir;
    text = join(scratch, 'lines.txt');
    writeFileSync(text, Array.from({ length: lines }, (_, line) => `line${line}`).join('\n'));
  });
  after(closeLeavingNothing);

  async function start(name: string, options: Readonly<Record<string, string | number>>): Promise<string> {
    const out = join(scratch, name);
    mkdirSync(out, { recursive: true });
    await submit(name, 'relay', {
      ...{ 'compat.out': out, 'compat.text': text, 'compat.resume': 1 },
      ...options,
    });
    return out;
  }

  const seenBy = (out: string): Set<string> =>
    new Set(tuplesOf(out, 'sink').map(({ values }) => values[1]![1]));
  const acked = (out: string): number[] =>
    [...recordsOf(out, 'lines').values()]
      .flat()
      .flatMap(([what, id]) => (what === 'ack' ? [id as number] : []));

  it('bring every tuple to its consumers, under the name of its producer', async () => {
    const name = `durable-${process.pid}`;
    const out = await start(name, { 'topology.egret.durable.streams': '["relay"]' });
    await eventually('all lines', () => (seenBy(out).size === lines ? true : undefined));
    await eventually('all acks', () => (acked(out).length === lines ? true : undefined));
    assert.deepEqual(
      new Set(tuplesOf(out, 'sink').map(({ sourceComponent }) => sourceComponent)),
      new Set(['relay']),
    );
    assert.equal(tuplesOf(out, 'sink').length, lines);
    await killTopology(name, 0);
  });

  it('survive the end of every process of the topology, with nothing replayed that was acked', async () => {
    const name = `durable-kill-${process.pid}`;
    const out = await start(name, {
      ...{ 'topology.egret.durable.streams': '["lines"]', 'topology.workers': 2, par: 2 },
      ...{ 'compat.pace': linesASecond, 'compat.once': 1 },
    });
    for (const share of [0.2, 0.5]) {
      await eventually('some acks', () => (acked(out).length > share * lines ? true : undefined), 90_000);
      const victims = processesUnder(dir).filter(({ command }) => command.includes(name));
      assert.ok(victims.length >= 5, 'master, two workers and two JVMs');
      for (const { pid } of victims) process.kill(pid, 'SIGKILL');
    }
    await eventually('all lines', () => (seenBy(out).size === lines ? true : undefined), 120_000);
    await eventually('all acks', () => (new Set(acked(out)).size === lines ? true : undefined), 90_000);
    const twice = acked(out).length - new Set(acked(out)).size;
    assert.equal(twice, 0, 'nothing that was acked was emitted again');
    await killTopology(name, 0);
  });
});
