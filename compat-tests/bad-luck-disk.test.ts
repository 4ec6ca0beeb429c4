import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { closeLeavingNothing, Healthy, loggedLine, ownGateway } from './bad-luck.ts';
import { withCase } from './case.ts';
import { ask } from './nimbus.ts';
import { processesUnder, type RunningProcess } from './processes.ts';
import { eventually, tuplesOf } from './records.ts';
import { fill, makeRoom, mountSmallDisk, unmountSmallDisk } from './small-disk.ts';
import { trySubmit } from './storm-client.ts';
import { openTarget, target } from './target.ts';

for (const [what, inLocalDir] of [
  ['the disk of the uploads is full', 'nimbus'],
  ['the disk of everything is full', ''],
] as const) {
  describe(what, () => {
    const healthy = new Healthy();
    let disk = '';
    let isMounted = false;
    let localDir = '';
    let workers: RunningProcess[] = [];
    const isWorker = ({ command }: RunningProcess): boolean =>
      /egret container|egret\.host\.Main/.test(command);

    before(async function () {
      let refusal: string | undefined;
      await openTarget({
        prepare: (dir) => {
          disk = join(dir, inLocalDir);
          refusal = mountSmallDisk(disk, 48);
          isMounted = refusal === undefined;
        },
      });
      if (refusal !== undefined) {
        process.stdout.write(`      left out: no disk to fill, mount says: ${refusal}\n`);
        this.skip();
      }
      localDir = (await ownGateway(this)).localDir;
      await healthy.start();
    });
    after(async () => {
      try {
        if (localDir !== '') {
          makeRoom(disk);
          await healthy.stop();
        }
        // a directory cannot be removed while something is mounted on it
        await closeLeavingNothing(unmount);
      } finally {
        unmount();
      }
    });

    function unmount(): void {
      if (isMounted) unmountSmallDisk(disk);
      isMounted = false;
    }

    it('the client is told so, its file is gone, and tuples flow', async () => {
      workers = processesUnder(localDir).filter(isWorker);
      assert.equal(workers.length, 3);
      fill(disk);
      const result = await trySubmit(`too-much-${process.pid}`, 'count', {});
      assert.notEqual(result.code, 0);
      assert.match(result.output, /nimbus\/inbox\/stormjar-\S+: the disk is full/);
      assert.deepEqual(readdirSync(join(localDir, 'nimbus', 'inbox')), []);
      const listed = await ask((nimbus) => nimbus.getTopologySummaries({}));
      assert.deepEqual(
        listed.map(({ name }) => name),
        [healthy.name],
      );
      // long enough for heartbeats, leases and records to have been due meanwhile
      for (let round = 0; round < 5; round++) await healthy.flows();
      assert.equal((await target()).gateway!.exitCode, null);
    });

    it('takes submissions again when there is room', async () => {
      makeRoom(disk);
      await withCase('count', {}, async ({ out }) => {
        await eventually('tuples', () => (tuplesOf(out, 'sink').length > 100 ? true : undefined));
      });
      await healthy.flows();
      assert.deepEqual(processesUnder(localDir).filter(isWorker), workers);
      // what was logged without room is in the log: whole lines, the reason among them
      await loggedLine((line) => JSON.stringify(line).includes('the disk is full'), 'the disk is full');
    });
  });
}
