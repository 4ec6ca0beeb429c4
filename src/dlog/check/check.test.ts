import assert from 'node:assert/strict';
import { crc32c } from '@node-rs/crc32';
import { seededRandom, systemRandom } from '../../base/index.ts';
import { committed, LogFixture, opened, readAll, texts, turns } from '../../testing/dlog/log-fixture.ts';
import type { Dlsn } from '../format/dlsn.ts';
import { EntryBuilder } from '../format/entry-builder.ts';
import { encodeSeal } from '../format/seal.ts';
import { checkStream, type DistributedLog, type LogWriter } from '../index.ts';
import type { RepairChoice } from '../repair/choice.ts';
import type { RepairResult } from '../repair/repair-stream.ts';
import type { FileSystem } from '../storage/file-system.ts';
import type { CheckResult, Finding } from './finding.ts';

const stream = 'ns/s';
const segment = (lssn: number, suffix: string): string =>
  `/log/ns/s/segments/${String(lssn).padStart(16, '0')}.${suffix}`;

describe('a check and a repair of a stream', () => {
  let fixture: LogFixture;
  let log: DistributedLog;
  beforeEach(async () => {
    fixture = new LogFixture();
    log = fixture.process();
    await log.createStream(stream);
  });

  const fs = () => fixture.storage.raw(stream).fs;
  const open = (name = log): Promise<LogWriter> =>
    opened(name, stream, { rollBytes: 600, leaseTtlMs: 600_000 });

  /** Writes twenty records into several segments, and releases the stream. */
  const filled = async (): Promise<void> => {
    const writer = await open();
    for (let index = 0; index < 20; index++) {
      fixture.clock.advance(1000);
      await committed(writer.append(Buffer.from(`r${index}`)));
    }
    await writer.close();
    await turns();
  };
  /**
   * Leaves the stream as an owner does that begins and then releases it: all segments sealed, except an empty
   * one.
   */
  const touched = async (): Promise<void> => {
    await (await open()).close();
    await turns();
  };
  const contents = async (): Promise<string[]> => {
    const reader = await fixture.process().openReader(stream, 'earliest');
    try {
      return texts(await readAll(reader));
    } finally {
      await reader.close();
    }
  };
  const wrong = ({ findings }: CheckResult): Finding[] => findings.filter(({ kind }) => kind !== 'note');
  const named = async (): Promise<string[]> =>
    wrong(await log.check(stream)).map(({ kind, file, place }) => `${kind} ${file} ${place}`.trim());
  const repair = async (choice: RepairChoice = {}): Promise<RepairResult & { readonly kind: 'repaired' }> => {
    const result = await log.repair(stream, choice, 'me:1');
    assert(result.kind === 'repaired');
    return result;
  };
  const lastSegment = async (): Promise<number> =>
    (await fixture.storage.segments(stream)).at(-1)!.header.lssn;

  it('counts the contents, and finds no fault in a stream that was written, rolled and truncated', async () => {
    const writer = await open();
    let appended = 0;
    for (let round = 0; round < 10; round++) {
      for (let index = 0; index < 5; index++) void writer.append(Buffer.from(`r${appended++}`));
      assert.deepEqual(wrong(await log.check(stream)), []);
      await turns();
    }
    const { counts } = await log.check(stream);
    assert.equal(counts.records, appended);
    assert.ok(counts.segments > 1);
    await log.truncate(stream, { lssn: 2, entry: 1, slot: 0 });
    assert.deepEqual(wrong(await log.check(stream)), []);
    await writer.close();
    await turns();
    assert.deepEqual(wrong(await log.check(stream)), []);
    await assert.rejects(log.check('ns/none'), { code: 'STREAM_UNKNOWN' });
  });

  const seed = systemRandom.nextInt32() >>> 1;
  it(`finds any bit that flips in what is sealed (seed ${seed})`, async () => {
    await filled();
    await touched();
    const random = seededRandom(seed);
    const last = await lastSegment();
    for (let lssn = 1; lssn < last; lssn++) {
      for (const suffix of ['log', 'seal']) {
        const path = segment(lssn, suffix);
        const bits = fixture.disk.bytesOf(path).length * 8;
        for (let tries = 0; tries < 20; tries++) {
          const bit = Math.floor(random.next() * bits);
          fixture.disk.flipBit(path, bit);
          const found = wrong(await log.check(stream));
          assert.ok(found.length > 0, `bit ${bit} of ${path}`);
          assert.ok(found.every(({ kind, meaning }) => kind === 'damage' && meaning.length > 20));
          fixture.disk.flipBit(path, bit);
        }
      }
    }
    assert.deepEqual(await named(), []);
  });

  it('says where damage begins, and what of the segment is lost with it', async () => {
    await filled();
    await touched();
    const { entries, bytes } = (await fixture.storage.segments(stream))[0]!.sealed!.seal;
    fixture.disk.flipBit(segment(1, 'log'), (bytes - 5) * 8);
    const [found] = wrong(await log.check(stream));
    assert.equal(found!.file, 'segments/0000000000000001.log');
    assert.match(found!.place, new RegExp(`^byte \\d+, entry ${entries - 1}$`));
    assert.match(found!.meaning, /cannot be read: it and 0 after it \(\d records\) were committed/);
  });

  it('tells what is missing from what is left over', async () => {
    await filled();
    await touched();
    await fs().unlink(segment(2, 'log'));
    assert.deepEqual(await named(), [
      'damage segments/0000000000000002.seal',
      'damage segments/0000000000000002.log',
    ]);
    await fs().unlink(segment(2, 'seal'));
    assert.deepEqual(await named(), ['damage segments/0000000000000002.log']);
    await fixture.storage.truncate(stream, { lssn: 3, entry: 0, slot: 0 });
    assert.deepEqual(await named(), ['repairable segments/0000000000000001.log']);
    assert.deepEqual((await repair()).left, []);
    assert.ok(!fs().exists(segment(1, 'seal')));
    assert.deepEqual((await contents()).at(-1), 'r19');
  });

  it('finds a segment that does not follow the one before it, and a mark behind the end', async () => {
    await filled();
    await touched();
    const [first] = await fixture.storage.segments(stream);
    const { seal } = first!.sealed!;
    const path = segment(1, 'seal');
    const before = fixture.disk.bytesOf(path);
    await fs().unlink(path);
    // This seal describes the entries correctly, but it is not the one that the next segment was chained to.
    const other = encodeSeal({ ...seal, sealedAtMs: seal.sealedAtMs + 1 }, first!.seed);
    await fixture.storage.raw(stream).files.writeOnce(path, other);
    const [found] = wrong(await log.check(stream));
    assert.equal(found!.file, 'segments/0000000000000002.log');
    assert.match(
      found!.meaning,
      /^its header names another seal: it does not follow segment 1 as that ends now$/,
    );
    await fs().unlink(path);
    const wrongSeal = encodeSeal({ ...seal, chainCrc: (seal.chainCrc ^ 1) >>> 0 }, first!.seed);
    await fixture.storage.raw(stream).files.writeOnce(path, wrongSeal);
    assert.match(
      wrong(await log.check(stream))[0]!.meaning,
      /^the seal says chainCrc \d+, the entries make \d+/,
    );
    await fs().unlink(path);
    await fixture.storage.raw(stream).files.writeOnce(path, before);
    assert.deepEqual(await named(), []);
    await fixture.storage.truncate(stream, { lssn: 99, entry: 0, slot: 0 });
    assert.ok((await named()).includes('damage marks'));
  });

  it('finds an entry of another epoch, and one whose records are not what it says', async () => {
    await log.createStream('ns/t');
    for (const [epoch, count, meaning] of [
      [8, 1, /it is of epoch 8, the segment of 7: two owners wrote one segment/],
      [7, 2, /its records are not what its header says/],
    ] as const) {
      await log.deleteStream('ns/t');
      await log.createStream('ns/t');
      const permit = { stream: 'ns/t', epoch: 7, token: '0000000000000007' };
      await fixture.storage.fence(permit);
      const appender = await fixture.storage.createSegment(permit, {
        ...{ lssn: 1, epoch: 7, token: permit.token, durability: 'fsync' },
        ...{ firstSequenceId: 0, transactionIdFloor: 0, previousSealCrc: 0 },
      });
      const builder = new EntryBuilder();
      builder.add(1, Buffer.from('x'));
      const { bytes } = builder.build({
        ...{ seed: appender.seed, entry: 0, epoch, confirmed: 0, firstSequenceId: 0, writtenAtMs: 1 },
        ...{ compression: 'none', transactionIdFloor: 0 },
      });
      const entry = Buffer.from(bytes);
      entry.writeUInt16LE(count, 10);
      entry.writeUInt32LE(crc32c(entry.subarray(4), appender.seed), 0);
      await appender.append(entry);
      await appender.close();
      const [found] = wrong(await log.check('ns/t'));
      assert.equal(found!.kind, 'damage');
      assert.match(found!.meaning, meaning);
    }
  });

  it('finds an entry that cannot be read but had been confirmed, and calls a torn tail by its name', async () => {
    const writer = await open();
    for (let index = 0; index < 3; index++) await committed(writer.append(Buffer.from(`r${index}`)));
    const path = segment(1, 'log');
    fixture.disk.flipBit(path, (64 + 80) * 8);
    const [found] = wrong(await log.check(stream));
    assert.deepEqual([found!.kind, found!.place.startsWith('byte ')], ['damage', true]);
    fixture.disk.flipBit(path, (64 + 80) * 8);
    assert.deepEqual(await named(), []);
    fixture.disk.flipBit(path, (fixture.disk.bytesOf(path).length - 1) * 8);
    const { findings } = await log.check(stream);
    assert.deepEqual(
      findings.map(({ kind, meaning }) => [kind, meaning.split(':')[0]]),
      [['note', 'a torn tail']],
    );
    fixture.disk.flipBit(path, (fixture.disk.bytesOf(path).length - 1) * 8);
    await writer.close();
  });

  it('takes what is written, and a segment that is sealed, while it looks for no fault', async () => {
    await filled();
    const writer = await open();
    await committed(writer.append(Buffer.from('last')));
    const raw = fixture.storage.raw(stream);
    const last = await lastSegment();
    // The first read of a seal finds no file yet, and the first read of the last segment finds half an entry.
    const late = new Set([segment(1, 'seal'), segment(last, 'log')]);
    const racing: FileSystem = {
      ...raw.fs,
      open: async (path, mode) => {
        const isFirst = late.delete(path);
        if (isFirst && path.endsWith('.seal')) throw Object.assign(new Error('not yet'), { code: 'ENOENT' });
        const file = await raw.fs.open(path, mode);
        if (!isFirst) return file;
        let reads = 0;
        const read = file.read.bind(file);
        file.read = (into, offset) => {
          reads += 1;
          // The header, then half of what follows, then nothing more for now.
          if (reads === 2) return read(into.subarray(0, 40), offset);
          return reads === 3 ? Promise.resolve(0) : read(into, offset);
        };
        return file;
      },
    };
    const { findings, counts } = await checkStream(stream, { ...raw, fs: racing });
    assert.deepEqual([findings, counts.records, late.size], [[], 21, 0]);
    await writer.close();
  });

  it('finds a promise that is lost, and repairs it by a take-over that loses nothing', async () => {
    await filled();
    const before = await contents();
    for (const name of await fs().names('/log/ns/s/fences')) await fs().unlink(`/log/ns/s/fences/${name}`);
    assert.deepEqual(new Set(await named()), new Set(['repairable fences']));
    assert.deepEqual((await repair()).left, []);
    assert.deepEqual(await contents(), before);
  });

  it('finds what the state store lost or has wrong, and rewrites it', async () => {
    await filled();
    await touched();
    const positions = log.subscribers;
    const { generation } = await positions.takeOver(stream, 'sub', 'me');
    await positions.advance({ stream, subscriber: 'sub', generation }, { lssn: 2, entry: 0, slot: 0 });
    const listed = await log.segments(stream);
    await fixture.store.put('dlog/ns/s/segments/0000000000000001', { ...listed[0]!, records: 999 });
    await fixture.store.remove('dlog/ns/s/segments/0000000000000002');
    await fs().unlink('/log/ns/s/notes/subscriber%20sub');
    const files = wrong(await log.check(stream)).map(({ file }) => file);
    assert.deepEqual(files, [
      'dlog/ns/s/segments/0000000000000001',
      'dlog/ns/s/segments/0000000000000002',
      'dlog/ns/s/subscribers/sub',
    ]);
    assert.deepEqual((await repair()).left, []);
    assert.deepEqual(await log.segments(stream), listed);
    await fixture.store.removeAll('dlog/');
    assert.equal(await log.rebuild(stream), listed.length);
    assert.deepEqual((await log.subscribers.position(stream, 'sub'))!.next, { lssn: 2, entry: 0, slot: 0 });
  });

  it('leaves damage alone until the operator chooses what to lose', async () => {
    await filled();
    await touched();
    fixture.disk.flipBit(segment(2, 'log'), 100 * 8);
    const bytes = fixture.disk.bytesOf(segment(2, 'log'));
    const { done, left, aside } = await repair();
    assert.deepEqual([done, left.map(({ kind }) => kind), aside], [[], ['damage'], undefined]);
    assert.deepEqual(fixture.disk.bytesOf(segment(2, 'log')), bytes);
    await assert.rejects(contents(), { code: 'SEGMENT_CORRUPT' });
  });

  it('drops everything after a position, sets it aside, and continues there', async () => {
    await filled();
    await touched();
    const all = await records();
    const { generation } = await log.subscribers.takeOver(stream, 'sub', 'me');
    await log.subscribers.advance({ stream, subscriber: 'sub', generation }, { lssn: 4, entry: 0, slot: 0 });
    fixture.disk.flipBit(segment(2, 'seal'), 300);
    const at: Dlsn = { lssn: 2, entry: 1, slot: 0 };
    const kept = all.filter(({ lssn, entry }) => lssn < 2 || (lssn === 2 && entry <= 1));
    const behind: Dlsn = { lssn: 2, entry: 99, slot: 0 };
    await assert.rejects(log.repair(stream, { dropAfter: behind }, ''), { code: 'STREAM_INVALID' });
    const { done, left, aside } = await repair({ dropAfter: at });
    assert.deepEqual(left, []);
    assert.equal(done.length > 1, true);
    assert.deepEqual(
      await contents(),
      kept.map(({ text }) => text),
    );
    const names = await fs().names(aside!);
    assert.ok(names.includes('0000000000000002.log') && names.includes('0000000000000003.seal'));
    assert.deepEqual((await log.subscribers.position(stream, 'sub'))!.next, { lssn: 2, entry: 2, slot: 0 });
    assert.deepEqual(await log.namespaces(), ['ns']);

    const writer = await open();
    const { dlsn } = await committed(writer.append(Buffer.from('new')));
    assert.equal(dlsn.lssn > 2, true);
    await writer.close();
    assert.deepEqual(await contents(), [...kept.map(({ text }) => text), 'new']);
    await turns();
    assert.deepEqual(await named(), []);
    const again = await repair({ dropAfter: dlsn });
    assert.deepEqual(again.aside, undefined);
  });

  it('drops everything before a segment, sets it aside, and continues there', async () => {
    await filled();
    await touched();
    const all = await records();
    fixture.disk.flipBit(segment(1, 'log'), 80);
    await assert.rejects(contents(), { code: 'SEGMENT_CORRUPT' });
    await assert.rejects(log.repair(stream, { dropBefore: { lssn: 2, entry: 1, slot: 0 } }, ''), {
      code: 'STREAM_INVALID',
    });
    const { left, aside } = await repair({ dropBefore: { lssn: 2, entry: 0, slot: 0 } });
    assert.deepEqual(left, []);
    assert.ok((await fs().names(aside!)).includes('0000000000000001.log'));
    assert.deepEqual(
      await contents(),
      all.filter(({ lssn }) => lssn > 1).map(({ text }) => text),
    );
  });

  it('drops nothing from under an owner, and fences one off that was paused', async () => {
    await filled();
    const writer = await open(fixture.process());
    const owned = await log.repair(stream, { dropAfter: { lssn: 1, entry: 0, slot: 0 } }, 'me:1');
    assert.equal(owned.kind, 'owned');
    await fixture.store.remove('dlog/ns/s/lease');
    await repair({ dropAfter: { lssn: 1, entry: 0, slot: 0 } });
    const late = await writer.append(Buffer.from('late'));
    assert.notEqual(late.kind, 'committed');
    await writer.close();
    assert.deepEqual(await contents(), ['r0']);
  });

  it('is damaged as it was, or ends later than it was to, when a drop is cut short anywhere', async () => {
    for (let step = 0, isWhole = false; !isWhole; step++) {
      fixture = new LogFixture(step + 1);
      log = fixture.process();
      await log.createStream(stream);
      await filled();
      await touched();
      const all = (await records()).map(({ text }) => text);
      let calls = 0;
      let isCut = false;
      fixture.disk.fault = (_, path) => {
        if (!path.includes('/segments')) return undefined;
        isCut ||= calls++ >= step;
        return isCut ? 'EIO' : undefined;
      };
      const dropped = log.repair(stream, { dropAfter: { lssn: 2, entry: 0, slot: 0 } }, 'me:1');
      const isDone = await dropped.then(
        () => true,
        () => false,
      );
      fixture.disk.fault = () => undefined;
      isWhole = isDone && calls <= step;
      fixture.clock.advance(700_000);
      const found = await fixture.process().check(stream);
      if (wrong(found).every(({ kind }) => kind !== 'damage')) {
        await repair();
        const rest = await contents();
        assert.deepEqual(rest, all.slice(0, rest.length));
      }
      const after = await repair({ dropAfter: { lssn: 2, entry: 0, slot: 0 } });
      assert.deepEqual(after.left, []);
    }
  });

  async function records(): Promise<{ lssn: number; entry: number; text: string }[]> {
    const reader = await log.openReader(stream, 'earliest');
    const all = await readAll(reader);
    await reader.close();
    return all.map(({ lssn, entry, payload }) => ({ lssn, entry, text: payload.toString() }));
  }
});
