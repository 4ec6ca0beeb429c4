import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaBroker } from '../src/testing/kafka-broker.ts';
import { closeLeavingNothing, ownGateway } from './bad-luck.ts';
import { runEgret } from './egret.ts';
import { killTopology } from './nimbus.ts';
import { killIfRunning, processesUnder } from './processes.ts';
import { eventually, recordsOf, tuplesOf } from './records.ts';
import { submit } from './storm-client.ts';
import { openTarget } from './target.ts';

const lines = 2000;
const linesASecond = 400;

/**
 * The log of a gateway kept in Kafka: what was acked is there after every process of the topology has died.
 */
describe('durable streams in Kafka', () => {
  let broker: KafkaBroker;
  let dir = '';
  let out = '';
  let text = '';
  const name = `durable-kafka-${process.pid}`;

  before(async function () {
    if (process.env['EGRET_COMPAT_NIMBUS'] !== undefined) this.skip(); // that one's log is not in our broker
    broker = await KafkaBroker.start();
    const settings = {
      'egret.dlog.storage': 'kafka',
      'egret.dlog.kafka.bootstrap.servers': broker.address,
      'egret.dlog.kafka.fsync': 'true',
    };
    await openTarget({ args: Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]) });
    const { scratch, localDir } = await ownGateway(this);
    dir = localDir;
    out = join(scratch, name);
    mkdirSync(out);
    text = join(scratch, 'lines.txt');
    writeFileSync(text, Array.from({ length: lines }, (_, line) => `line${line}`).join('\n'));
  });
  after(async () => {
    await killTopology(name, 0).catch(() => undefined);
    await closeLeavingNothing();
    await broker.close();
  });

  const seen = (): Set<string> => new Set(tuplesOf(out, 'sink').map(({ values }) => values[1]![1]));
  const acked = (): number[] =>
    [...recordsOf(out, 'lines').values()]
      .flat()
      .flatMap(([what, id]) => (what === 'ack' ? [id as number] : []));

  it('survive the end of every process of a Java topology, with nothing replayed that was acked', async () => {
    await submit(name, 'relay', {
      ...{ 'compat.out': out, 'compat.text': text, 'compat.resume': 1, 'compat.once': 1 },
      ...{ 'topology.egret.durable.streams': '["lines"]', 'topology.egret.durable.partitions': 2 },
      ...{ 'topology.workers': 2, par: 2, 'compat.pace': linesASecond },
    });
    for (const share of [0.2, 0.5]) {
      await eventually('some acks', () => (new Set(acked()).size > share * lines ? true : undefined), 90_000);
      const victims = processesUnder(dir).filter(({ command }) => command.includes(name));
      for (const { pid } of victims) killIfRunning(pid);
      assert.ok(victims.length >= 5, 'a master, two workers and two JVMs');
    }
    await eventually('all lines', () => (seen().size === lines ? true : undefined), 120_000);
    await eventually('all acks', () => (new Set(acked()).size === lines ? true : undefined), 90_000);
    assert.equal(acked().length, lines, 'nothing that was acked was emitted again');

    const listed = await runEgret(['dlog', 'list', `topology-${name}`, '-c', `storm.local.dir=${dir}`], {});
    assert.match(listed.output, /lines\.default\.0\b/);
    assert.equal(existsSync(join(dir, 'dlog')), false, 'nothing of the log in files');
  });
});
