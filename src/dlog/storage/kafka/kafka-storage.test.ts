import assert from 'node:assert/strict';
import { Admin } from '@platformatic/kafka';
import { errorCode, GatewayError, silentLog, systemClock, systemRandom } from '../../../base/index.ts';
import { MemoryStore } from '../../../coordination/index.ts';
import {
  connected,
  freshPrefix,
  kept,
  sharedBroker,
  storageOn,
} from '../../../testing/dlog/kafka-fixture.ts';
import { committed, readAll, texts } from '../../../testing/dlog/log-fixture.ts';
import { Owner, permitOf, stream, textsOf } from '../../../testing/dlog/storage-owner.ts';
import type { KafkaBroker } from '../../../testing/kafka-broker.ts';
import { DistributedLog } from '../../distributed-log.ts';
import type { LogStorage } from '../storage.ts';
import { connectKafka, type KafkaBrokers, KafkaStorage } from './index.ts';
import { decodeKey, type PartitionRecord } from './record.ts';
import { settingsOf, topicOf } from './topic.ts';

/** A connection that holds its records back before it sends them, as a stopped process does. */
function holding(kafka: KafkaBrokers): { readonly kafka: KafkaBrokers; hold(): void; release(): void } {
  const waiting: (() => void)[] = [];
  let isHeld = false;
  return {
    kafka: {
      ...kafka,
      produce: (topic, { key, value }, settled) => {
        const record = { key: Buffer.from(key), value: Buffer.from(value) };
        const send = (): void => kafka.produce(topic, record, settled);
        if (isHeld) waiting.push(send);
        else send();
      },
    },
    hold: () => {
      isHeld = true;
    },
    release: () => {
      isHeld = false;
      for (const send of waiting.splice(0)) send();
    },
  };
}

describe('KafkaStorage', () => {
  let broker: KafkaBroker;
  let kafka: KafkaBrokers;
  let prefix: string;
  let topic: string;
  const opened: KafkaStorage[] = [];

  before(async () => {
    broker = await sharedBroker();
    kafka = await connected(broker);
  });
  after(() => kafka.close());
  beforeEach(() => {
    prefix = freshPrefix();
    topic = topicOf(prefix, stream);
  });
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close();
  });

  /** The storage of another process: it knows only what the partition contains. */
  const process = (over = kafka, isFlushed = true): KafkaStorage => {
    const storage = storageOn(kept(over), prefix, isFlushed);
    opened.push(storage);
    return storage;
  };
  const logOn = (storage: LogStorage, store = new MemoryStore(systemClock)): DistributedLog =>
    new DistributedLog({ storage, store, clock: systemClock, random: systemRandom, log: silentLog });

  it('acknowledges nothing of an owner that was stopped, and reads nothing it sends late', async () => {
    const held = holding(kafka);
    const old = process(held.kafka);
    await old.createStream(stream, null);
    const owner = await Owner.open(old, permitOf(1));
    await owner.append('kept');
    held.hold();
    const late = owner.append('late').then(
      () => 'acknowledged',
      (error: unknown) => errorCode(error),
    );
    const next = process();
    assert.deepEqual(await next.fence(permitOf(2)), { kind: 'granted' });
    const { seal } = await next.recoverSegment(permitOf(2), 1, 50);
    const second = await Owner.createOnly(next, permitOf(2)).catch((error: unknown) => errorCode(error));
    assert.equal(second, 'SEGMENT_EXISTS');
    held.release();
    assert.equal(await late, 'SEGMENT_FENCED');
    assert.equal(seal.entries, 1);
    for (const storage of [old, next, process()]) assert.deepEqual(await textsOf(storage, 1), ['kept']);
  });

  it('drops what an owner that was stopped sends before the next one seals', async () => {
    const held = holding(kafka);
    const old = process(held.kafka);
    await old.createStream(stream, null);
    const owner = await Owner.open(old, permitOf(1));
    await owner.append('kept');
    held.hold();
    const late = owner.append('late').catch((error: unknown) => errorCode(error));
    const next = process();
    await next.fence(permitOf(2));
    held.release();
    assert.equal(await late, 'SEGMENT_FENCED');
    assert.deepEqual(await textsOf(next, 1), ['kept']);
    assert.equal((await next.recoverSegment(permitOf(2), 1, 50)).seal.entries, 1);
  });

  it('lets no seal of a fenced owner stand', async () => {
    const held = holding(kafka);
    const old = process(held.kafka);
    await old.createStream(stream, null);
    const owner = await Owner.open(old, permitOf(1));
    await owner.append('kept');
    held.hold();
    const late = owner.seal(true).catch((error: unknown) => errorCode(error));
    const next = process();
    await next.fence(permitOf(2));
    held.release();
    assert.equal(await late, 'SEGMENT_FENCED');
    const { seal } = await next.recoverSegment(permitOf(2), 1, 50);
    assert.deepEqual([seal.epoch, seal.isEndOfStream], [2, false]);
  });

  it('begins at a checkpoint, also when what was before is gone', async () => {
    const storage = process();
    await storage.createStream(stream, { a: 1 });
    const store = new MemoryStore(systemClock);
    const result = await logOn(storage, store).openWriter(stream, { rollBytes: 4 << 20, rollAfterMs: 1e9 });
    assert(result.kind === 'opened');
    const payload = Buffer.alloc(500_000, 'x');
    for (let index = 0; index < 60; index++) await committed(result.writer.append(payload));
    await result.writer.close();
    let records = 0;
    const counted: KafkaBrokers = {
      ...kafka,
      read: async (...args) => {
        const found = await kafka.read(...args);
        records += found.length;
        return found;
      },
    };
    const fresh = process(counted);
    const segments = await fresh.segments(stream);
    assert.deepEqual(
      segments.map(({ header, sealed }) => [header.lssn, sealed?.seal.records]),
      (await storage.segments(stream)).map(({ header, sealed }) => [header.lssn, sealed?.seal.records]),
    );
    assert.ok(records < 45, `${records} records were read to open it`);
    await storage.putNote(stream, 'n', 7);
    await storage.truncate(stream, { lssn: 4, entry: 0, slot: 0 });
    for (const lssn of [1, 2, 3]) await storage.removeSegment(stream, lssn);
    const { low } = await kafka.watermarks(topic);
    assert.ok(low > 20, `the partition begins at ${low}`);
    const after = process();
    assert.equal((await after.segments(stream))[0]!.header.lssn, 4);
    assert.deepEqual([await after.settings(stream), (await after.notes(stream)).get('n')], [{ a: 1 }, 7]);
    const reader = await logOn(after, store).openReader(stream, 'earliest');
    assert.ok(texts(await readAll(reader)).length > 20);
    await reader.close();
  });

  it('reads on from where it stopped, in as few requests as the bytes need', async () => {
    const storage = process();
    await storage.createStream(stream, null);
    const result = await logOn(storage).openWriter(stream, { rollBytes: 200_000, rollAfterMs: 1e9 });
    assert(result.kind === 'opened');
    const payload = Buffer.alloc(1000, 'x');
    for (let index = 0; index < 800; index++) await committed(result.writer.append(payload));
    await result.writer.close();
    const asked = { reads: 0, ends: 0 };
    const counted: KafkaBrokers = {
      ...kafka,
      read: (...args) => {
        asked.reads += 1;
        return kafka.read(...args);
      },
      watermarks: (of) => {
        asked.ends += 1;
        return kafka.watermarks(of);
      },
    };
    const reader = await logOn(process(counted)).openReader(stream, 'earliest');
    const before = { ...asked };
    let found = 0;
    // Reads in small portions: what was fetched beyond one is kept for the next.
    for (let portion = 1; portion > 0; found += portion) {
      const read = await reader.read({ bytesMax: 5000 });
      portion = read.kind === 'records' ? read.records.length : 0;
    }
    assert.equal(found, 800);
    const segments = (await storage.segments(stream)).length;
    assert.ok(segments >= 4);
    const reads = asked.reads - before.reads;
    const ends = asked.ends - before.ends;
    assert.ok(reads <= 3 * segments, `${reads} reads of ${segments} segments`);
    assert.ok(ends <= 2 * segments + 2, `the end was asked for ${ends} times`);
    await reader.close();
  });

  describe('where a record is damaged', () => {
    /** Three segments of one record each; the record at `offset` of a copy of the topic has a bit flipped. */
    const spoilt = async (of: (records: readonly PartitionRecord[]) => number, part: 'key' | 'value') => {
      const storage = process();
      await storage.createStream(stream, null);
      const log = logOn(storage);
      for (const text of ['record 1', 'record 2', 'record 3']) {
        const result = await log.openWriter(stream);
        assert(result.kind === 'opened');
        await committed(result.writer.append(Buffer.from(text)));
        await result.writer.close();
      }
      const { high } = await kafka.watermarks(topic);
      const records = (await kafka.read(topic, 0, 1 << 20)).slice(0, high);
      prefix = freshPrefix();
      topic = topicOf(prefix, stream);
      await kafka.createTopic(topic, 1, settingsOf({ replicationFactor: 1, isFlushed: true }));
      const at = of(records);
      for (const { offset, key, value } of records) {
        const copy = { key: Buffer.from(key!), value: Buffer.from(value) };
        if (offset === at) copy[part][copy[part].length >> 1]! ^= 4;
        await new Promise((resolve) => kafka.produce(topic, copy, resolve));
      }
      return at;
    };
    const kindAt =
      (kind: string, nth: number) =>
      (records: readonly PartitionRecord[]): number =>
        records.filter(({ key }) => (decodeKey(key) as { kind: string }).kind === kind)[nth]!.offset;

    it('a check finds a flipped bit of an entry, and a repair drops what lies before a later segment', async () => {
      await spoilt(kindAt('entry', 2), 'value');
      const log = logOn(process());
      const { findings } = await log.check(stream);
      assert.deepEqual(
        findings.filter(({ kind }) => kind === 'damage').map(({ file }) => file),
        ['segment 2'],
      );
      await assert.rejects(log.repair(stream, { dropAfter: { lssn: 1, entry: 0, slot: 0 } }, 'me:1'), {
        code: 'STREAM_INVALID',
        message: /cannot truncate the end.*--drop-before/,
      });
      await assert.rejects(log.repair(stream, { dropBefore: { lssn: 2, entry: 0, slot: 0 } }, 'me:1'), {
        message: /2:0:0 is not the beginning of a segment that can be read: the last are 1:0:0, 3:0:0/,
      });
      const repaired = await log.repair(stream, { dropBefore: { lssn: 3, entry: 0, slot: 0 } }, 'me:1');
      assert(repaired.kind === 'repaired');
      assert.match(
        repaired.done.join('; '),
        /dropped 2 segments before segment 3; this storage keeps no copy/,
      );
      assert.deepEqual(repaired.left, []);
      const reader = await logOn(process()).openReader(stream, 'earliest');
      assert.deepEqual(texts(await readAll(reader)), ['record 3']);
      await reader.close();
    });

    for (const [kind, part] of [
      ['fence', 'key'],
      ['seal', 'value'],
      ['entry', 'key'],
    ] as const)
      it(`no owner continues past a ${kind} whose ${part} is damaged, until an operator gives it up`, async () => {
        const at = await spoilt(kindAt(kind, 0), part);
        const storage = process();
        const log = logOn(storage);
        await assert.rejects(storage.segments(stream), { code: 'SEGMENT_CORRUPT' });
        await assert.rejects(log.openReader(stream, 'earliest'), new RegExp(`record ${at} of its topic`));
        const { findings } = await log.check(stream);
        const [found] = findings.filter((finding) => finding.place === `record ${at}`);
        assert.match(`${found!.kind} ${found!.file} ${found!.meaning}`, /^damage topic .* checksum.*wrong/);
        const repaired = await log.repair(stream, { dropBefore: { lssn: 3, entry: 0, slot: 0 } }, 'me:1');
        assert(repaired.kind === 'repaired');
        assert.match(repaired.done[0]!, /^gave up \d damaged records or segments/);
        assert.deepEqual(repaired.left, []);
        const reader = await logOn(process()).openReader(stream, 'earliest');
        assert.deepEqual(texts(await readAll(reader)), ['record 3']);
        await reader.close();
      });
  });

  it('re-creates a deleted stream, and takes nothing from the old one', async () => {
    const held = holding(kafka);
    const old = process(held.kafka);
    await old.createStream(stream, { version: 1 });
    const owner = await Owner.open(old, permitOf(1));
    await owner.append('old');
    held.hold();
    const late = owner.append('late').catch((error: unknown) => errorCode(error));
    const next = process();
    assert.equal(await next.deleteStream(stream), true);
    assert.equal(await next.createStream(stream, { version: 2 }), 'created');
    const successor = await Owner.open(next, permitOf(1));
    await successor.append('new');
    held.release();
    assert.match(String(await late), /SEGMENT_FENCED|SEGMENT_POISONED/);
    await successor.append('newer');
    for (const storage of [next, process()]) {
      assert.deepEqual(await textsOf(storage, 1), ['new', 'newer']);
      assert.deepEqual(await storage.settings(stream), { version: 2 });
    }
  });

  describe('refuses, with a sentence that says what to do,', () => {
    const wanted = settingsOf({ replicationFactor: 1, isFlushed: false });
    const make = async (partitions: number, settings: Record<string, string>): Promise<void> => {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.address] });
      const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs });
      await admin.close();
    };
    const refused = (work: Promise<unknown>, pattern: RegExp): Promise<void> =>
      assert.rejects(work, (error) => {
        assert(error instanceof GatewayError);
        assert.equal(error.code, 'STORAGE_UNFIT');
        assert.match(error.message, pattern);
        return true;
      });

    it('a topic of two partitions', async () => {
      await make(2, wanted);
      await refused(process().createStream(stream, null), /2 partitions, 1 is needed/);
    });

    it('a topic that others write', async () => {
      await make(1, wanted);
      await new Promise((resolve) =>
        kafka.produce(topic, { key: Buffer.from('k'), value: Buffer.from('v') }, resolve),
      );
      await refused(process().settings(stream), /none says what stream it is; give egret\.dlog\.kafka/);
    });

    for (const [name, value] of [
      ['cleanup.policy', 'compact'],
      ['retention.ms', '86400000'],
      ['max.message.bytes', '1000000'],
    ] as const)
      it(`a topic with ${name}=${value}`, async () => {
        await make(1, { ...wanted, [name]: value });
        await refused(
          process().createStream(stream, null),
          new RegExp(`${name}=${value}.*--add-config ${name}=`),
        );
      });

    it('a record that is larger than a topic takes, and the segment takes nothing more', async () => {
      const storage = process();
      await storage.createStream(stream, null);
      const { appender } = await Owner.open(storage, permitOf(1));
      const large = appender.append(Buffer.alloc(3 << 20));
      await assert.rejects(
        large,
        (error: Error) =>
          /SEGMENT_POISONED/.test(String(errorCode(error))) && errorCode(error.cause) === 'STORAGE_UNFIT',
      );
      await assert.rejects(appender.append(Buffer.alloc(9)), { code: 'SEGMENT_POISONED' });
      await assert.rejects(storage.putNote(stream, 'n', 'x'.repeat(3 << 20)), { code: 'STORAGE_UNFIT' });
    });

    it('fsync in a topic that does not sync', async () => {
      await process(kafka, false).createStream(stream, null);
      const storage = process();
      await storage.fence(permitOf(1));
      await assert.rejects(Owner.createOnly(storage, permitOf(1)), /needs flush\.messages=1/);
    });

    it('a broker that cannot be reached', async () => {
      const limits = { connectMs: 500 };
      const edges = { clock: systemClock, random: systemRandom, log: silentLog, limits };
      await assert.rejects(connectKafka('127.0.0.1:1', edges), (error) => {
        assert.equal(errorCode(error), 'STORAGE_UNAVAILABLE');
        return /127\.0\.0\.1:1 does not answer.*egret\.dlog\.kafka\.bootstrap\.servers/.test(String(error));
      });
    });
  });

  // Runs after the other tests, which it would disturb.
  describe('over a kill of the broker', () => {
    /**
     * A storage of its own, with an append to come; `close` closes it while that append and reads are in
     * flight.
     */
    const toClose = async (): Promise<{ readonly close: () => Promise<void> }> => {
      const limits = { closeMs: 2000 };
      const edges = { clock: systemClock, random: systemRandom, log: silentLog, limits };
      const own = await connectKafka(broker.address, edges);
      const options = { topicPrefix: `${prefix}close.`, replicationFactor: 1, isFlushed: true };
      const storage = new KafkaStorage({ ...edges, kafka: own }, options);
      const unseen = new KafkaStorage({ ...edges, kafka: kept(own) }, options);
      await storage.createStream(stream, null);
      const owner = await Owner.open(storage, permitOf(1));
      await owner.append('kept');
      const fate = (work: Promise<unknown>): Promise<unknown> =>
        work.then(
          () => 'done',
          (error: unknown) => errorCode(error),
        );
      const close = async (): Promise<void> => {
        const append = fate(owner.append('unknown'));
        const reads = [own.read(topicOf(options.topicPrefix, stream), 1000, 1), storage.notes(stream)];
        const others = [...reads, unseen.settings(stream)].map(fate);
        await new Promise((resolve) => setImmediate(resolve));
        const beginMs = performance.now();
        await storage.close();
        const tookMs = performance.now() - beginMs;
        assert.ok(tookMs < limits.closeMs + 500, `closing took ${Math.round(tookMs)} ms`);
        assert.equal(await append, 'SEGMENT_POISONED');
        assert.match((await Promise.all(others)).join(' '), /^((ABORTED|STORAGE_UNAVAILABLE) ?){3}$/);
      };
      return { close };
    };

    it('closes within its limit while an append and reads are in flight and the broker is stopped', async () => {
      const { close } = await toClose();
      broker.signal('SIGSTOP');
      try {
        await close();
      } finally {
        broker.signal('SIGCONT');
      }
    });

    it('has every acknowledged record after the broker was killed, reports in-flight appends as unknown, and closes meanwhile', async () => {
      const limits = { deliveryMs: 500, requestMs: 2000 };
      const edges = { clock: systemClock, random: systemRandom, log: silentLog, limits };
      const own = await connectKafka(broker.address, edges);
      const storage = new KafkaStorage(
        { ...edges, kafka: own },
        { topicPrefix: prefix, replicationFactor: 1, isFlushed: true },
      );
      opened.push(storage);
      await storage.createStream(stream, null);
      const store = new MemoryStore(systemClock);
      const result = await logOn(storage, store).openWriter(stream);
      assert(result.kind === 'opened');
      const { close } = await toClose();
      const acknowledged: string[] = [];
      const fates = new Set<string>();
      let appended = 0;
      let killing: Promise<void> | undefined;
      const appending = (async (): Promise<void> => {
        while (result.writer.state === 'open') {
          const texts = Array.from({ length: 20 }, () => `record ${appended++}`);
          const outcomes = await Promise.all(texts.map((text) => result.writer.append(Buffer.from(text))));
          for (const [index, { kind }] of outcomes.entries()) {
            fates.add(kind);
            if (kind === 'committed') acknowledged.push(texts[index]!);
          }
          if (acknowledged.length === 400) killing = broker.kill();
        }
      })();
      try {
        await appending;
        await killing;
        await close();
      } finally {
        await killing;
        await broker.restart();
      }
      assert.ok(
        acknowledged.length >= 400 && fates.has('unknown'),
        `${acknowledged.length} ${[...fates].join()}`,
      );
      await result.writer.close();
      const fresh = process();
      const log = logOn(fresh, store);
      const again = await log.openWriter(stream);
      assert(again.kind === 'opened');
      await committed(again.writer.append(Buffer.from('after')));
      const reader = await log.openReader(stream, 'earliest');
      const found = texts(await readAll(reader));
      assert.deepEqual(found.slice(0, acknowledged.length), acknowledged);
      assert.equal(found.at(-1), 'after');
      await reader.close();
      await again.writer.close();
    });
  });
});
