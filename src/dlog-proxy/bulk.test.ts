import assert from 'node:assert/strict';
import { deserializeDlsn } from '../dlog/index.ts';
import type { BulkWriteResponse, WriteContext } from '../rpc/index.ts';
import { ProxyConnection, ProxyFixture } from '../testing/dlog/proxy-fixture.ts';

const stream = 'ns/s';

/** A record set of that many records without bytes. */
function emptySet(records: number): Buffer {
  const set = Buffer.alloc(16 + 4 * records);
  set.writeUInt32BE(0x1000, 0);
  set.writeUInt32BE(records, 4);
  set.writeUInt32BE(4 * records, 12);
  return set;
}

describe('a bulk of writes', () => {
  let fixture: ProxyFixture;
  let client: ProxyConnection;

  const bulk = async (data: readonly Buffer[], ctx: WriteContext = {}): Promise<BulkWriteResponse> =>
    client.methods.writeBulkWithContext({ stream, data, ctx }, client.call);
  const empties = (count: number): Buffer[] => Array.from({ length: count }, () => Buffer.alloc(0));
  const codesOf = ({ writeResponses }: BulkWriteResponse): readonly string[] =>
    writeResponses!.map(({ header }) => header.code);
  const recordsKept = async (): Promise<bigint> => {
    const start = { kind: 'latest', value: true } as const;
    await client.methods.writeWithContext({ stream, data: Buffer.from('end'), ctx: {} }, client.call);
    const read = { stream, start, recordsMax: 1, bytesMax: 100, waitMs: 0 };
    assert.equal((await client.methods.read(read, client.call)).header.code, 'SUCCESS');
    const all = { ...read, start: { kind: 'earliest', value: true } as const, recordsMax: 2 ** 30 };
    const records = [];
    let next: typeof all | undefined = all;
    while (next !== undefined) {
      const found = await client.methods.read({ ...next, bytesMax: 2 ** 30 }, client.call);
      records.push(...found.records!);
      next =
        found.records!.length === 0
          ? undefined
          : ({ ...all, start: { kind: 'dlsn', value: found.nextDlsn! } } as unknown as typeof all);
    }
    return records.at(-1)!.sequenceId;
  };

  beforeEach(async () => {
    fixture = new ProxyFixture();
    client = new ProxyConnection(fixture.proxy());
    await client.methods.create({ stream, ctx: {} }, client.call);
  });
  afterEach(() => fixture.close());

  it('of more records than a bulk may have is refused as a whole, in its header, and nothing of it is written', async () => {
    const answer = await bulk(empties(8193));
    assert.equal(answer.header.code, 'TOO_LARGE_RECORD');
    assert.match(answer.header.errMsg!, /8193 records.*8192/);
    assert.equal(answer.writeResponses, undefined);
    assert.equal(await recordsKept(), 0n);
  });

  it('of as many records as it may have has a position for each, in order and without a gap', async () => {
    const answer = await bulk(empties(8192));
    const positions = answer.writeResponses!.map(({ dlsn }) => deserializeDlsn(dlsn!));
    assert.equal(positions.length, 8192);
    for (const [index, { entry, slot }] of positions.entries())
      if (index > 0)
        assert.ok(
          entry > positions[index - 1]!.entry
            ? slot === 0
            : entry === positions[index - 1]!.entry && slot === positions[index - 1]!.slot + 1,
        );
    assert.equal(await recordsKept(), 8192n);
  });

  it('counts the records of the sets that it holds', async () => {
    const answer = await bulk([emptySet(8192), emptySet(1)], { isRecordSet: true });
    assert.equal(answer.header.code, 'TOO_LARGE_RECORD');
    assert.equal(
      (await bulk([emptySet(4096), emptySet(4096)], { isRecordSet: true })).header.code,
      'SUCCESS',
    );
    assert.equal(await recordsKept(), 8192n);
  });

  it('cancels the rest of its session when it is refused as a whole', async () => {
    await bulk(empties(8193), { session: 1n });
    const later = await client.methods.writeWithContext(
      { stream, data: Buffer.from('x'), ctx: { session: 1n } },
      client.call,
    );
    assert.equal(later.header.code, 'WRITE_CANCELLED_EXCEPTION');
  });

  it('says why records were refused once, and the code with each', async () => {
    await client.methods.delete({ stream, ctx: {} }, client.call);
    const answer = await bulk(empties(1000));
    assert.deepEqual(new Set(codesOf(answer)), new Set(['LOG_NOT_FOUND']));
    assert.equal(answer.writeResponses!.filter(({ header }) => header.errMsg !== undefined).length, 1);
  });

  it('writes the records around one that is refused', async () => {
    const long = Buffer.alloc(1100 * 1024);
    const answer = await bulk([Buffer.from('a'), Buffer.from('b'), long, Buffer.from('c')]);
    assert.deepEqual(codesOf(answer), ['SUCCESS', 'SUCCESS', 'TOO_LARGE_RECORD', 'SUCCESS']);
    assert.equal(await recordsKept(), 3n);
  });
});

describe('a set of records', () => {
  it('that claims more records than a set may have is refused before any is looked at', async () => {
    const fixture = new ProxyFixture();
    const client = new ProxyConnection(fixture.proxy());
    await client.methods.create({ stream, ctx: {} }, client.call);
    const write = async (data: Buffer) =>
      client.methods.writeWithContext({ stream, data, ctx: { isRecordSet: true } }, client.call);
    const answer = await write(emptySet(250_000));
    assert.equal(answer.header.code, 'TOO_LARGE_RECORD');
    assert.match(answer.header.errMsg!, /250000 records.*8192/);
    // A set that contains more records than it claims is read no further than its claim.
    const lying = emptySet(250_000);
    lying.writeUInt32BE(2, 4);
    assert.match((await write(lying)).header.errMsg!, /says 2 records and has more/);
    await fixture.close();
  });
});
