import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { makeJar, shellTopology, upload } from '../src/testing/nimbus-fixture.ts';
import { closeLeavingNothing, Healthy, loggedLine, ownGateway } from './bad-luck.ts';
import { withCase } from './case.ts';
import { egret, runEgret } from './egret.ts';
import { ask } from './nimbus.ts';
import { processesUnder, type RunningProcess } from './processes.ts';
import { eventually, tuplesOf } from './records.ts';
import { fill, makeRoom, mountSmallDisk, unmountSmallDisk } from './small-disk.ts';
import { trySubmit } from './storm-client.ts';
import { closeTarget, openTarget, target } from './target.ts';

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

    it('the client receives an error, its file is removed, and tuples flow', async () => {
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
      // Redis may have ended without room; the gateway starts it again within a second.
      const answers = (): Promise<true | undefined> =>
        ask((nimbus) => nimbus.getTopologySummaries({})).then(
          () => true,
          () => undefined,
        );
      await eventually('an answer from the state store', answers);
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

describe('the disk is full, and its owner wants space back', () => {
  let disk = '';
  let isMounted = false;
  const [name, stream] = ['fills-the-disk', 'full/disk'];
  const dlog = ({ input = '' }, ...args: readonly string[]) =>
    runEgret(['dlog', ...args, '-c', `storm.local.dir=${disk}`], {}, input);
  const free = (): number => {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  };
  const reserve = (): number => readdirSync(join(disk, 'reserve')).length;

  before(async function () {
    let refusal: string | undefined;
    await openTarget({
      prepare: (dir) => {
        disk = dir;
        refusal = mountSmallDisk(disk, 64);
        isMounted = refusal === undefined;
      },
    });
    if (refusal !== undefined) {
      process.stdout.write(`      left out: no disk to fill, mount says: ${refusal}\n`);
      this.skip();
    }
    await ownGateway(this);
    const jar = makeJar({
      'resources/words.py': 'import time\ntime.sleep(600)',
      'half-a-byte-each': randomBytes(8 << 20).toString('hex'),
    });
    await ask(async (nimbus) => {
      const location = await upload({ call: nimbus }, jar);
      await nimbus.submitTopology({
        ...{ name, uploadedJarLocation: location },
        ...{ jsonConf: '{"topology.message.timeout.secs":1}', topology: shellTopology() },
      });
    });
    assert.equal((await dlog({}, 'create', stream)).code, 0);
    for (let part = 0; part < 4; part++) {
      const sent = await dlog({ input: `${'x'.repeat(9999)}\n`.repeat(250) }, 'append', stream);
      assert.equal(sent.code, 0, sent.errors);
    }
    assert.equal(reserve(), 8);
  });
  after(async () => {
    const unmount = (): void => {
      if (isMounted) unmountSmallDisk(disk);
      isMounted = false;
    };
    try {
      if (isMounted) makeRoom(disk);
      await closeTarget(unmount);
    } finally {
      unmount();
    }
  });

  /** Redis learns of the full disk from its next write. */
  async function untilRedisRefuses(): Promise<void> {
    fill(disk);
    let round = 0;
    const refusal = await eventually('a refusal by Redis', async () => {
      const { code, output, errors } = await egret(round++ % 2 === 0 ? 'deactivate' : 'activate', name);
      return code === 0 ? undefined : output + errors;
    });
    assert.match(refusal, /its disk is full: kill topologies, delete streams or free space by hand/);
  }

  it('a topology is killed, and what it held is free again', async () => {
    await untilRedisRefuses();
    const killed = await egret('kill', name, '-w', '0');
    assert.equal(killed.code, 0, killed.errors);
    await eventually('the space of its jar', () => (free() > 7 << 20 ? true : undefined));
  });

  it('a stream is deleted, and what it held is free again', async () => {
    makeRoom(disk);
    fill(disk);
    const before = free();
    const deleted = await dlog({}, 'delete', stream);
    assert.equal(deleted.code, 0, deleted.errors);
    await eventually('the space of its records', () => (free() > before + (8 << 20) ? true : undefined));
    const listed = await dlog({}, 'list', 'full');
    assert.doesNotMatch(listed.output, /disk/);
  });

  it('the reserve is whole again', async () => {
    makeRoom(disk);
    await eventually('eight pieces', () => (reserve() === 8 ? true : undefined), 40_000);
  });
});
