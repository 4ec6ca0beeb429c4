import assert from 'node:assert/strict';
import { seededRandom } from '../../base/index.ts';
import { type DiskCall, SimulatedDisk } from '../../testing/dlog/simulated-disk.ts';
import { Owner, permitOf, stream, textsOf } from '../../testing/dlog/storage-owner.ts';
import { LocalStorage } from './local-storage.ts';

const log = `/disk/log/${stream}/segments/0000000000000001.log`;

describe('the local storage on a disk that fails', () => {
  let disk: SimulatedDisk;
  let storage: LocalStorage;

  async function start(seed: number): Promise<void> {
    const random = seededRandom(seed);
    disk = new SimulatedDisk(random);
    const fs = disk.fileSystem({ turn: () => Promise.resolve() });
    await fs.makeDirectory('/disk');
    await fs.syncDirectory('/');
    storage = new LocalStorage({ directory: '/disk/log', random, fs });
    await storage.createStream(stream, null);
  }

  function failOnce(call: DiskCall, code: 'EIO' | 'ENOSPC', ending = '.log'): void {
    disk.fault = (found, path) => {
      if (found !== call || !path.endsWith(ending)) return undefined;
      disk.fault = () => undefined;
      return code;
    };
  }

  it('keeps what was acknowledged, and no more than one entry beyond, over a power cut (200 seeds)', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      await start(seed);
      const owner = await Owner.open(storage, permitOf(1));
      const texts = Array.from({ length: 3 }, (_, index) => `${index}${'x'.repeat(disk.below(2000))}`);
      for (const text of texts) await owner.append(text);
      disk.fault = (call) => (call === 'dataSync' ? 'EIO' : undefined);
      const last = 'y'.repeat(disk.below(3000));
      const isWrittenOnly = disk.chance(0.5);
      if (isWrittenOnly) disk.fault = (call) => (call === 'write' ? 'EIO' : undefined);
      await assert.rejects(owner.append(last), { code: 'SEGMENT_POISONED' });
      disk.fault = () => undefined;
      disk.cutPower();
      await storage.fence(permitOf(2));
      await storage.recoverSegment(permitOf(2), 1, 0);
      const found = await textsOf(storage, 1);
      assert.deepEqual(found.slice(0, 3), texts, `seed ${seed}`);
      assert.ok(found.length === 3 || (found.length === 4 && found[3] === last), `seed ${seed}`);
    }
  });

  for (const [call, code] of [
    ['dataSync', 'EIO'],
    ['write', 'ENOSPC'],
    ['write', 'EIO'],
  ] as const)
    it(`takes nothing more after ${code} at ${call}, though the next would succeed`, async () => {
      await start(1);
      const owner = await Owner.open(storage, permitOf(1));
      await owner.append('one');
      failOnce(call, code);
      await assert.rejects(owner.append('two'), {
        code: 'SEGMENT_POISONED',
        facts: { stream, lssn: 1, storageCode: code },
      });
      await assert.rejects(owner.append('three'), { code: 'SEGMENT_POISONED' });
      await assert.rejects(owner.seal(), { code: 'SEGMENT_POISONED' });
    });

  it('makes durable what it seals, when the owner’s sync had failed', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      await start(seed);
      const owner = await Owner.open(storage, permitOf(1));
      await owner.append('one');
      failOnce('dataSync', 'EIO');
      await assert.rejects(owner.append('two'), { code: 'SEGMENT_POISONED' });
      await storage.fence(permitOf(2));
      await storage.recoverSegment(permitOf(2), 1, 0);
      const sealed = await textsOf(storage, 1);
      disk.cutPower();
      assert.deepEqual(await textsOf(storage, 1), sealed, `seed ${seed}`);
    }
  });

  it('cuts a torn tail off, and refuses damage before what was confirmed', async () => {
    await start(1);
    const owner = await Owner.open(storage, permitOf(1));
    for (const text of ['one', 'two', 'three']) await owner.append(text);
    const bytes = disk.bytesOf(log).length * 8;
    await storage.fence(permitOf(2));
    const third = bytes - 8 * 40;
    disk.flipBit(log, third - 8 * 70);
    await assert.rejects(storage.recoverSegment(permitOf(2), 1, 0), { code: 'SEGMENT_CORRUPT' });
    disk.flipBit(log, third - 8 * 70);
    disk.flipBit(log, third);
    assert.equal((await storage.recoverSegment(permitOf(2), 1, 0)).seal.entries, 2);
  });

  it('gives no reader a damaged entry below the seal', async () => {
    await start(1);
    const owner = await Owner.open(storage, permitOf(1));
    for (const text of ['one', 'two']) await owner.append(text);
    await owner.seal();
    disk.flipBit(log, (64 + 80) * 8);
    await assert.rejects(textsOf(storage, 1), { code: 'SEGMENT_CORRUPT' });
    disk.flipBit(log, (64 + 80) * 8);
    disk.flipBit(log, 20 * 8);
    await assert.rejects(storage.segments(stream), { code: 'SEGMENT_CORRUPT' });
  });

  it('does not read what a fenced owner wrote behind the seal', async () => {
    await start(1);
    const owner = await Owner.open(storage, permitOf(1));
    await owner.append('one');
    await storage.fence(permitOf(2));
    const { seal } = await storage.recoverSegment(permitOf(2), 1, 0);
    await assert.rejects(owner.append('late'), { code: 'SEGMENT_FENCED' });
    assert.ok(disk.bytesOf(log).length > seal.bytes);
    assert.deepEqual(await textsOf(storage, 1), ['one']);
  });

  it('has a stream, a segment, a seal and a mark whole or not at all after a power cut (100 seeds)', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      await start(seed);
      const isCut = (): boolean => disk.chance(0.3);
      const steps: (() => Promise<unknown>)[] = [
        () => storage.createStream('ns/t', { seed }),
        () => Owner.open(storage, permitOf(1)),
        () => storage.recoverSegment(permitOf(1), 1, 0),
        () => storage.truncate(stream, { lssn: 1, entry: 0, slot: 1 }),
      ];
      let done = 0;
      for (const step of steps) {
        if (isCut()) disk.fault = () => (disk.chance(0.2) ? 'EIO' : undefined);
        const isDone = await step().then(
          () => true,
          () => false,
        );
        disk.fault = () => undefined;
        if (!isDone) break;
        done += 1;
      }
      disk.cutPower();
      const streams = await storage.streams('ns');
      if (done >= 1) assert.deepEqual(await storage.settings('ns/t'), { seed });
      else if (streams.includes('ns/t')) assert.deepEqual(await storage.settings('ns/t'), { seed });
      const segments = await storage.segments(stream);
      if (done >= 2) assert.equal(segments.length, 1, `seed ${seed}`);
      if (done >= 3) assert.equal(segments[0]!.sealed!.seal.entries, 0, `seed ${seed}`);
      if (done >= 4) assert.equal((await storage.truncation(stream))!.slot, 1, `seed ${seed}`);
    }
  });

  it('stands by a mark that another call has made and could not finish (20 seeds)', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      await start(seed);
      const mark = { lssn: 2, entry: 0, slot: 0 };
      disk.fault = (call, path) => (call === 'unlink' && path.includes('/marks/') ? 'EIO' : undefined);
      await assert.rejects(storage.truncate(stream, mark), { code: 'EIO' });
      disk.fault = () => undefined;
      assert.deepEqual(await storage.truncate(stream, mark), mark);
      disk.cutPower();
      assert.deepEqual(await storage.truncation(stream), mark, `seed ${seed}`);
    }
  });

  it('never makes a promise again that a higher one has replaced', async () => {
    await start(1);
    await storage.fence(permitOf(5));
    await storage.fence(permitOf(6));
    const made: string[] = [];
    disk.fault = (call, path) => {
      if (call === 'link') made.push(path);
      return undefined;
    };
    // While such a fence existed, its owner would acknowledge records that no reader sees.
    assert.deepEqual(await storage.fence(permitOf(5)), { kind: 'refused', promised: 6 });
    assert.deepEqual(made, []);
  });

  it('has removed lower promises for good when it grants a higher one (20 seeds)', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      await start(seed);
      await storage.fence(permitOf(1));
      await storage.fence(permitOf(2));
      disk.cutPower();
      const names = await storage.raw(stream).fs.names(`/disk/log/${stream}/fences`);
      assert.deepEqual(names, ['0000000000000002'], `seed ${seed}`);
    }
  });

  it('leaves one owner, the highest, however the steps of those that fence mix (300 seeds)', async () => {
    for (let seed = 1; seed <= 300; seed++) {
      await start(seed);
      const waiting: (() => void)[] = [];
      const turn = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
      const fs = disk.fileSystem({ turn });
      const mixed = new LocalStorage({ directory: '/disk/log', random: seededRandom(seed), fs });
      const permits = [3, 1, 2, 4].map((epoch) => permitOf(epoch));
      const fencing = Promise.all(permits.map((permit) => mixed.fence(permit)));
      let isOver = false;
      void fencing.then(() => {
        isOver = true;
      });
      while (!isOver) {
        waiting.splice(disk.below(waiting.length), 1)[0]?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await fencing)[3]!.kind, 'granted', `seed ${seed}`);
      for (const permit of permits.slice(0, 3))
        await assert.rejects(Owner.createOnly(storage, permit), { code: 'SEGMENT_FENCED' }, `seed ${seed}`);
    }
  });
});
