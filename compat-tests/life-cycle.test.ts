import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { textFile, withCase } from './case.ts';
import { ask, killTopology, topologyInfo } from './nimbus.ts';
import { eventually, recordsOf } from './records.ts';
import { submit, trySubmit } from './storm-client.ts';
import { closeTarget, target } from './target.ts';

const lineCount = readFileSync(textFile, 'utf8').trimEnd().split('\n').length;

function spoutSaid(out: string): string[] {
  return [...recordsOf(out, 'lines').values()].flat().map(([what]) => what);
}

describe('life of a topology', () => {
  after(closeTarget);

  it('is listed with its status, tasks and workers while it runs, and its name is free once it is gone', async () => {
    let taken = '';
    await withCase('count', { workers: 1 }, async ({ name, out }) => {
      taken = name;
      await eventually('acks', () => (spoutSaid(out).includes('ack') ? true : undefined));
      const summaries = await ask((nimbus) => nimbus.getTopologySummaries({}));
      const summary = summaries.find((row) => row.name === name)!;
      assert.equal(summary.status, 'ACTIVE');
      assert.equal(summary.num_workers, 1);
      assert.equal(summary.num_tasks, 5);
      assert.equal(summary.num_executors, 5);
      assert.match(summary.id, new RegExp(`^${name}-\\d+-\\d+$`));
      assert.equal(await ask((nimbus) => nimbus.isTopologyNameAllowed({ name })), false);
    });
    assert.equal(await ask((nimbus) => nimbus.isTopologyNameAllowed({ name: taken })), true);
  });

  it('refuses a name that is alive, through the client', async () => {
    await withCase('count', {}, async ({ name }) => {
      const again = await trySubmit(name, 'count', {});
      assert.notEqual(again.code, 0);
      assert.match(again.output, /already exists on the cluster/);
    });
  });

  it('deactivates and activates: the spout is notified, and the status shows it', async () => {
    await withCase('count', {}, async ({ name, out }) => {
      await eventually('the spout active', () => (spoutSaid(out).includes('activate') ? true : undefined));
      await ask((nimbus) => nimbus.deactivate({ name }));
      assert.equal((await topologyInfo(name)).status, 'INACTIVE');
      await eventually('deactivate at the spout', () =>
        spoutSaid(out).includes('deactivate') ? true : undefined,
      );
      await ask((nimbus) => nimbus.activate({ name }));
      assert.equal((await topologyInfo(name)).status, 'ACTIVE');
      await eventually('a second activate at the spout', () =>
        spoutSaid(out).filter((what) => what === 'activate').length >= 2 ? true : undefined,
      );
    });
  });

  it('shows its executors with their statistics', async () => {
    await withCase(
      'count',
      { workers: 2, 'topology.stats.sample.rate': 1.0, 'executor.metrics.frequency.secs': 1 },
      async ({ name }) => {
        const info = await eventually(
          'statistics of the spout',
          async () => {
            const found = await topologyInfo(name);
            const spout = found.executors.find((executor) => executor.component_id === 'lines');
            return (spout?.stats?.emitted.get(':all-time')?.get('default') ?? 0n) >= BigInt(lineCount)
              ? found
              : undefined;
            // Storm's workers report once a minute, whatever executor.metrics.frequency.secs of the topology
            // says
          },
          110_000,
        );
        assert.deepEqual([...new Set(info.executors.map((executor) => executor.component_id))].sort(), [
          '__acker',
          'count',
          'lines',
          'sink',
          'split',
        ]);
        assert.equal(new Set(info.executors.map((executor) => executor.port)).size, 2);
      },
    );
  });

  it('waits after a kill: the topology is KILLED, then gone', async () => {
    const { scratch } = await target();
    const name = `killed-${process.pid}`;
    await submit(name, 'count', { 'compat.out': join(scratch, name), 'compat.text': textFile });
    await ask((nimbus) => nimbus.killTopologyWithOpts({ name, options: { wait_secs: 2 } }));
    assert.equal((await topologyInfo(name)).status, 'KILLED');
    await eventually('gone', async () => {
      const summaries = await ask((nimbus) => nimbus.getTopologySummaries({}));
      return summaries.some((summary) => summary.name === name) ? undefined : true;
    });
    await assert.rejects(killTopology(name, 0), /is not alive/);
  });
});

describe('refusals', () => {
  after(closeTarget);

  const faults = [
    ['unknown-component', /nobody/],
    ['unknown-stream', /no-such-stream/],
    ['unknown-field', /no-such-field/],
    ['system-id', /__sink/],
  ] as const;
  for (const [fault, named] of faults) {
    it(`a topology with ${fault} is refused, the message names it, and nothing is left listed`, async () => {
      const name = `bad-${fault}-${process.pid}`;
      const result = await trySubmit(name, 'bad', { fault });
      assert.notEqual(result.code, 0);
      assert.match(result.output, /InvalidTopologyException/);
      assert.match(result.output, named);
      const summaries = await ask((nimbus) => nimbus.getTopologySummaries({}));
      assert.ok(!summaries.some((summary) => summary.name === name));
    });
  }

  it('a topology that does not exist is NotAlive for every question about it', async () => {
    await assert.rejects(topologyInfo('nobody'), /nobody is not alive/);
    await assert.rejects(
      ask((nimbus) => nimbus.activate({ name: 'nobody' })),
      /nobody is not alive/,
    );
    await assert.rejects(
      ask((nimbus) => nimbus.getTopologyConf({ id: 'nobody-1-1' })),
      /nobody-1-1/,
    );
  });
});
