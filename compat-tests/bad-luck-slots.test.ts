import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { closeLeavingNothing, Healthy, loggedLine, ownGateway } from './bad-luck.ts';
import { textFile } from './case.ts';
import { egret } from './egret.ts';
import { ask, killTopology, topologyInfo } from './nimbus.ts';
import { eventually, tuplesOf } from './records.ts';
import { submit } from './storm-client.ts';
import { openTarget } from './target.ts';

describe('a gateway without a free slot', () => {
  const healthy = new Healthy();
  const waiting = `waiting-${process.pid}`;
  const why = new RegExp(
    `topology ${waiting}-\\d+-\\d+ asks for 1 worker, no slot is free \\(supervisor\\.slots\\.ports\\)`,
  );
  let out = '';

  before(async function () {
    await openTarget({ args: ['-c', 'supervisor.slots.ports=[6790]'] });
    const { scratch } = await ownGateway(this);
    await healthy.start();
    out = join(scratch, waiting);
    mkdirSync(out);
  });
  after(closeLeavingNothing);

  it('takes a second topology in, says what it waits for, and leaves the first alone', async () => {
    await submit(waiting, 'count', { 'compat.pace': 20, 'compat.out': out, 'compat.text': textFile });
    const info = await eventually('the reason in getTopologyInfo', async () => {
      const found = await topologyInfo(waiting);
      return why.test(found.sched_status ?? '') ? found : undefined;
    });
    assert.deepEqual(info.executors, []);
    const summaries = await ask((nimbus) => nimbus.getTopologySummaries({}));
    const summary = summaries.find(({ name }) => name === waiting)!;
    assert.match(summary.sched_status!, why);
    assert.equal(summary.num_workers, 0);
    const rows = JSON.parse((await egret('list', '--json')).output) as Record<string, unknown>[];
    assert.match(String(rows.find(({ name }) => name === waiting)?.['scheduling']), why);
    await loggedLine((line) => line.event === 'topology.assigned' && why.test(String(line['reason'])), 'why');
    await healthy.flows();
    assert.deepEqual(tuplesOf(out, 'sink'), []);
  });

  it('schedules the second when the first is killed', async () => {
    await healthy.stop();
    await eventually('tuples of the second', () => (tuplesOf(out, 'sink').length > 500 ? true : undefined));
    assert.equal((await topologyInfo(waiting)).sched_status, 'Fully Scheduled');
    await killTopology(waiting, 0);
  });
});
