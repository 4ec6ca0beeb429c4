import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRandom } from '../../base/index.ts';
import { connected, freshPrefix, kept, sharedBroker, storageOn } from '../../testing/dlog/kafka-fixture.ts';
import { Owner, permitOf, stream, textsOf } from '../../testing/dlog/storage-owner.ts';
import type { KafkaBrokers } from './kafka/index.ts';
import { LocalStorage } from './local-storage.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { LogStorage } from './storage.ts';

interface Opened {
  readonly storage: LogStorage;
  readonly close: () => void | Promise<void>;
}

/** The behavior that every storage must have. */
function contract(name: string, open: () => Opened | Promise<Opened>): void {
  describe(`the log storage in ${name}`, () => {
    let storage: LogStorage;
    let close: Opened['close'];
    beforeEach(async () => {
      ({ storage, close } = await open());
      assert.equal(await storage.createStream(stream, { a: 1 }), 'created');
    });
    afterEach(() => close());

    it('creates a stream once and keeps its settings', async () => {
      const results = await Promise.all([1, 2, 3].map((value) => storage.createStream('ns/t', { value })));
      assert.deepEqual(results.sort(), ['created', 'exists', 'exists']);
      assert.deepEqual(await storage.settings(stream), { a: 1 });
      await storage.createStream('other/s', null);
      assert.deepEqual(await storage.streams('ns'), ['ns/s', 'ns/t']);
      assert.deepEqual(await storage.streams('none'), []);
      assert.deepEqual(await storage.namespaces(), ['ns', 'other']);
    });

    it('knows nothing of a stream that was deleted or never made', async () => {
      assert.equal(await storage.deleteStream(stream), true);
      assert.equal(await storage.deleteStream(stream), false);
      const unknown = { code: 'STREAM_UNKNOWN' };
      await assert.rejects(storage.settings(stream), unknown);
      await assert.rejects(storage.segments(stream), unknown);
      await assert.rejects(storage.fence(permitOf(1)), unknown);
      await assert.rejects(storage.truncation(stream), unknown);
      await assert.rejects(storage.notes(stream), unknown);
      await assert.rejects(storage.putNote(stream, 'x', 1), unknown);
      assert.deepEqual(await storage.streams('ns'), []);
    });

    it('refuses names that are none', async () => {
      for (const bad of [
        's',
        'a/b/c',
        '../s',
        'ns/..',
        'ns/.s',
        'ns/',
        '/s',
        'ns/a b',
        `ns/${'x'.repeat(201)}`,
      ])
        await assert.rejects(async () => storage.createStream(bad, null), { code: 'STREAM_INVALID' });
    });

    it('grants an epoch to one token, and no lower one after it', async () => {
      assert.deepEqual(await storage.fence(permitOf(5)), { kind: 'granted' });
      assert.deepEqual(await storage.fence(permitOf(5)), { kind: 'granted' });
      const other = permitOf(5, 'ffffffffffffffff');
      assert.deepEqual(await storage.fence(other), { kind: 'refused', promised: 5 });
      assert.deepEqual(await storage.fence(permitOf(4)), { kind: 'refused', promised: 5 });
      assert.deepEqual(await storage.fence(permitOf(6)), { kind: 'granted' });
      assert.deepEqual(await storage.fence(permitOf(5)), { kind: 'refused', promised: 6 });
    });

    it('grants at most the highest of those that ask at once', async () => {
      const results = await Promise.all([3, 1, 2, 3].map((epoch) => storage.fence(permitOf(epoch))));
      assert.equal(results[0]!.kind, 'granted');
      assert.equal(results[3]!.kind, 'granted');
      for (const epoch of [1, 2])
        await assert.rejects(
          storage.createSegment(permitOf(epoch), new Owner(storage, permitOf(epoch)).header),
          { code: 'SEGMENT_FENCED' },
        );
    });

    it('gives back what was appended, in any portions', async () => {
      const owner = await Owner.open(storage, permitOf(1));
      const texts = Array.from({ length: 9 }, (_, index) => `record ${index}`);
      for (const text of texts) await owner.append(text);
      assert.deepEqual(await textsOf(storage, 1), texts);
      assert.deepEqual(await textsOf(storage, 1, 1), texts);
      await owner.seal();
      assert.deepEqual(await textsOf(storage, 1, 300), texts);
      const reader = await storage.openSegment(stream, 1);
      for (const from of [4, 2, 8, 0]) assert.equal((await reader.read(from, 1))[0]!.entry, from);
      assert.deepEqual(await reader.read(9, 1), []);
      await reader.close();
    });

    it('reads on as a segment grows, and sees it end', async () => {
      const owner = await Owner.open(storage, permitOf(1));
      const reader = await storage.openSegment(stream, 1);
      assert.deepEqual(await reader.read(0, 100), []);
      await owner.append('one');
      assert.equal((await reader.read(0, 100)).length, 1);
      assert.deepEqual(await reader.read(1, 100), []);
      assert.equal(await reader.refresh(), undefined);
      await owner.append('two');
      await owner.seal();
      assert.equal((await reader.refresh())!.seal.entries, 2);
      assert.equal((await reader.read(1, 100))[0]!.entry, 1);
      await reader.close();
    });

    it('finds entries by transaction id and by time', async () => {
      const owner = await Owner.open(storage, permitOf(1));
      for (let entry = 0; entry < 5; entry++) await owner.append(`record ${entry}`);
      for (const isSealed of [false, true]) {
        if (isSealed) await owner.seal();
        const reader = await storage.openSegment(stream, 1);
        const seek = (value: number) => reader.seek({ field: 'lastTransactionId', value });
        assert.deepEqual([await seek(0), await seek(102), await seek(105)], [0, 2, 5]);
        assert.equal(await reader.seek({ field: 'writtenAtMs', value: 1103 }), 3);
        await reader.close();
      }
    });

    it('acknowledges nothing of a lower epoch after it granted a higher one', async () => {
      const owner = await Owner.open(storage, permitOf(1));
      await owner.append('kept');
      await storage.fence(permitOf(2));
      await assert.rejects(owner.append('late'), { code: 'SEGMENT_FENCED' });
      await assert.rejects(owner.append('later'), { code: 'SEGMENT_FENCED' });
      await assert.rejects(owner.seal(), { code: 'SEGMENT_FENCED' });
      await assert.rejects(storage.createSegment(owner.permit, { ...owner.header, lssn: 2 }), {
        code: 'SEGMENT_FENCED',
      });
    });

    it('creates a segment once', async () => {
      const owner = await Owner.open(storage, permitOf(1));
      await assert.rejects(storage.createSegment(owner.permit, owner.header), { code: 'SEGMENT_EXISTS' });
      await assert.rejects(storage.openSegment(stream, 2), { code: 'LOG_GAP' });
    });

    it('seals what an owner left behind, to the same end for all who try', async () => {
      const owner = await Owner.open(storage, permitOf(1));
      for (const text of ['one', 'two']) await owner.append(text);
      await storage.fence(permitOf(2));
      const found = await storage.recoverSegment(permitOf(2), 1, 50);
      assert.deepEqual(found.seal, owner.tally.seal({ epoch: 2, sealedAtMs: 50, isEndOfStream: false }));
      await storage.fence(permitOf(3));
      assert.deepEqual(await storage.recoverSegment(permitOf(3), 1, 60), found);
      const [segment] = await storage.segments(stream);
      assert.deepEqual(segment, { header: owner.header, seed: owner.appender.seed, sealed: found });
      assert.deepEqual(await textsOf(storage, 1), ['one', 'two']);
    });

    it('lets only the owner of the highest epoch recover', async () => {
      await Owner.open(storage, permitOf(1));
      await storage.fence(permitOf(3));
      await assert.rejects(storage.recoverSegment(permitOf(2), 1, 50), { code: 'SEGMENT_FENCED' });
    });

    it('remembers the end of the stream', async () => {
      const owner = await Owner.open(storage, permitOf(1));
      await owner.append('last');
      assert.equal((await owner.seal(true)).seal.isEndOfStream, true);
      assert.equal((await storage.segments(stream))[0]!.sealed!.seal.isEndOfStream, true);
    });

    it('cuts off only ever more', async () => {
      assert.equal(await storage.truncation(stream), undefined);
      const at = { lssn: 2, entry: 5, slot: 0 };
      assert.deepEqual(await storage.truncate(stream, at), at);
      assert.deepEqual(await storage.truncate(stream, { lssn: 1, entry: 99, slot: 9 }), at);
      const higher = { lssn: 10, entry: 0, slot: 0 };
      assert.deepEqual(await storage.truncate(stream, higher), higher);
      assert.deepEqual(await storage.truncation(stream), higher);
    });

    it('removes segments, also twice', async () => {
      const owner = await Owner.open(storage, permitOf(1));
      await owner.seal();
      await storage.removeSegment(stream, 1);
      await storage.removeSegment(stream, 1);
      assert.deepEqual(await storage.segments(stream), []);
    });

    it('keeps notes', async () => {
      await storage.putNote(stream, 'a/b c.d', { x: 1 });
      await storage.putNote(stream, '..', 2);
      await storage.putNote(stream, '..', 3);
      assert.deepEqual(
        [...(await storage.notes(stream))],
        [
          ['..', 3],
          ['a/b c.d', { x: 1 }],
        ],
      );
    });
  });
}

contract('memory', () => ({ storage: new MemoryStorage(), close: () => undefined }));
contract('local files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'egret-dlog-'));
  return {
    storage: new LocalStorage({ directory: join(directory, 'log'), random: systemRandom }),
    close: () => rmSync(directory, { recursive: true }),
  };
});
describe('over a Kafka broker', () => {
  let kafka: KafkaBrokers;
  before(async () => {
    kafka = await connected(await sharedBroker());
  });
  after(() => kafka.close());

  contract('Kafka', () => {
    const storage = storageOn(kept(kafka), freshPrefix());
    return { storage, close: () => storage.close() };
  });
});
