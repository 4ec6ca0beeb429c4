import assert from 'node:assert/strict';
import { EntryBuilder } from '../format/entry-builder.ts';
import { CommitHub } from './commit-hub.ts';

const stream = 'ns/s';
const mebibyte = 1024 * 1024;

function entryBytes(entry: number, payloadBytes = 10): Buffer {
  const builder = new EntryBuilder();
  builder.add(entry, Buffer.alloc(payloadBytes, entry));
  const place = { seed: 1, epoch: 1, confirmed: entry, firstSequenceId: entry, writtenAtMs: 0 };
  return builder.build({ ...place, entry, compression: 'none', transactionIdFloor: 0 }).bytes;
}

describe('a commit hub', () => {
  let hub: CommitHub;

  beforeEach(() => {
    hub = new CommitHub();
    hub.publish(stream, { lssn: 1, confirmed: 0 });
  });

  function publish(entry: number, lssn = 1, payloadBytes = 10): void {
    hub.confirm(stream, { lssn, confirmed: entry + 1 }, entryBytes(entry, payloadBytes));
  }

  function fresh(entry: number, lssn = 1, bytesMax = mebibyte): number[] {
    return hub.fresh({ stream, lssn, entry, bytesMax }).map((each) => each.entry.entry);
  }

  it('keeps the newest entries while a reader is attached, and nothing otherwise', () => {
    publish(0);
    assert.deepEqual(fresh(0), []);
    const readers = [hub.attach(stream), hub.attach(stream)];
    for (const entry of [1, 2, 3]) publish(entry);
    assert.deepEqual(fresh(0), []);
    assert.deepEqual(fresh(2), [2, 3]);
    readers[0]![Symbol.dispose]();
    assert.deepEqual(fresh(3), [3]);
    readers[1]![Symbol.dispose]();
    assert.deepEqual(fresh(3), []);
  });

  it('answers as many as begin within the bytes that are asked for, decoded', () => {
    hub.attach(stream);
    for (let entry = 0; entry < 5; entry++) publish(entry, 1, 1000);
    assert.deepEqual(fresh(1, 1, 1100), [1, 2]);
    const [first] = hub.fresh({ stream, lssn: 1, entry: 1, bytesMax: 1 });
    assert.deepEqual(
      first?.records()?.map(({ lssn, entry, slot, payload }) => [lssn, entry, slot, payload[0]]),
      [[1, 1, 0, 1]],
    );
  });

  it('evicts the oldest entry above its bound', () => {
    hub.attach(stream);
    for (let entry = 0; entry < 6; entry++) publish(entry, 1, mebibyte);
    assert.deepEqual(fresh(0), []);
    assert.equal(fresh(3, 1, 8 * mebibyte).at(-1), 5);
  });

  it('never mixes segments, nor a stream with one re-created under its name', () => {
    hub.attach(stream);
    publish(0);
    hub.publish(stream, { lssn: 2, confirmed: 0 });
    assert.deepEqual(fresh(0, 1), []);
    assert.deepEqual(fresh(0, 2), []);
    publish(0, 2);
    assert.deepEqual(fresh(0, 2), [0]);
    hub.retract(stream, 2);
    hub.publish(stream, { lssn: 2, confirmed: 0 });
    assert.deepEqual(fresh(0, 2), []);
  });

  it('copies what it is given', () => {
    hub.attach(stream);
    const bytes = entryBytes(0);
    hub.confirm(stream, { lssn: 1, confirmed: 1 }, bytes);
    bytes.fill(0xff);
    assert.equal(hub.fresh({ stream, lssn: 1, entry: 0, bytesMax: 1 })[0]?.records()?.[0]?.payload[0], 0);
  });
});
