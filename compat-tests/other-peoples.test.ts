import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textFile } from './case.ts';
import { killTopology, topologyInfo } from './nimbus.ts';
import { fluxJar, perfJar, releasedJar } from './other-jars.ts';
import { eventually, tuplesOf } from './records.ts';
import { stormJar } from './storm-client.ts';
import { closeTarget, openTarget, target } from './target.ts';

/** Tuples that all executors of a component have executed, from getTopologyInfo. */
async function executed(name: string, component: string): Promise<bigint> {
  const info = await topologyInfo(name);
  let sum = 0n;
  for (const { component_id, stats } of info.executors) {
    if (component_id !== component || stats?.specific.kind !== 'bolt') continue;
    for (const [source, count] of stats.specific.value.executed.get(':all-time') ?? []) {
      if (!source.streamId.startsWith('__')) sum += count;
    }
  }
  return sum;
}

describe("other people's topologies run unchanged", () => {
  const commands = mkdtempSync(join(tmpdir(), 'egret-compat-bin-'));

  /** storm-starter says `python`, which a Debian of today does not have. */
  before(async () => {
    symlinkSync(
      execFileSync('sh', ['-c', 'command -v python3'], { encoding: 'utf8' }).trim(),
      join(commands, 'python'),
    );
    await openTarget({ env: { PATH: `${process.env['PATH'] ?? ''}:${commands}` } });
  });
  after(async () => {
    await closeTarget();
    rmSync(commands, { recursive: true });
  });

  it('storm-starter 1.2.2: WordCountTopology, split by its own Python script', async () => {
    const name = `starter-${process.pid}`;
    const jar = releasedJar('storm-starter', '1.2.2');
    const run = await stormJar(jar, 'org.apache.storm.starter.WordCountTopology', [name]);
    assert.equal(run.code, 0, run.output);
    try {
      await eventually(
        'counted words',
        async () => ((await executed(name, 'count')) > 100n ? true : undefined),
        140_000,
      );
      assert.deepEqual([...(await topologyInfo(name)).errors.values()].flat(), []);
    } finally {
      await killTopology(name, 0);
    }
  });

  it('Flux: a topology in YAML with a shell bolt', async () => {
    const { scratch } = await target();
    const name = `flux-${process.pid}`;
    const out = join(scratch, name);
    mkdirSync(out, { recursive: true });
    const yaml = join(scratch, `${name}.yaml`);
    writeFileSync(yaml, fluxTopology({ name, out }));
    const run = await stormJar(fluxJar(), 'org.apache.storm.flux.Flux', ['--remote', '--no-splash', yaml]);
    assert.equal(run.code, 0, run.output);
    try {
      await eventually('words at the sink', () => (tuplesOf(out, 'sink').length >= 100 ? true : undefined));
      assert.deepEqual(tuplesOf(out, 'sink')[0]!.values, [['java.lang.String', 'Four']]);
    } finally {
      await killTopology(name, 0);
    }
  });

  it('storm-perf 2.6.0: ConstSpoutNullBoltTopo, whose main reads its own statistics and kills it', async () => {
    // It prints a row a minute. `npm run soak` leaves its rate unlimited for this time; here others run
    // beside it.
    const conf = join((await target()).scratch, 'perf.yaml');
    const tuplesASecond = process.env['EGRET_COMPAT_SOAK'] === undefined ? 20_000 : 0;
    writeFileSync(conf, `topology.egret.output.rate.tuples.per.sec: ${tuplesASecond}\n`);
    const run = await stormJar(perfJar(), 'org.apache.storm.perf.ConstSpoutNullBoltTopo', ['65', conf]);
    assert.equal(run.code, 0, run.output);
    // its last row: elapsed seconds, workers, tasks, executors, transferred, ...
    const rows = run.output.split('\n').filter((line) => /^\d+,\d+,\d+,\d+,\d+/.test(line));
    assert.ok(rows.length >= 1, run.output);
  });
});

function fluxTopology({ name, out }: { name: string; out: string }): string {
  return JSON.stringify({
    name,
    config: { 'topology.workers': 1, 'compat.out': out, 'compat.text': textFile },
    spouts: [{ id: 'lines', className: 'egret.compat.Lines', constructorArgs: [true], parallelism: 1 }],
    bolts: [
      {
        id: 'split',
        className: 'org.apache.storm.flux.wrappers.bolts.FluxShellBolt',
        constructorArgs: [['python3', 'split_python.py'], ['word']],
        parallelism: 1,
      },
      { id: 'sink', className: 'egret.compat.Recorder', parallelism: 1 },
    ],
    streams: [
      { from: 'lines', to: 'split', grouping: { type: 'SHUFFLE' } },
      { from: 'split', to: 'sink', grouping: { type: 'SHUFFLE' } },
    ],
  });
}
