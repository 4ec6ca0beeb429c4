import assert from 'node:assert/strict';
import { ProxyConnection, ProxyFixture } from '../testing/dlog/proxy-fixture.ts';

const stream = 'ns/s';

describe('reads of single records', () => {
  let fixture: ProxyFixture;
  let client: ProxyConnection;
  beforeEach(async () => {
    fixture = new ProxyFixture();
    client = new ProxyConnection(fixture.proxy());
    await client.methods.create({ stream, ctx: {} }, client.call);
    const data = Array.from({ length: 2000 }, () => Buffer.from('x'));
    await client.methods.writeBulkWithContext({ stream, data, ctx: {} }, client.call);
  });
  afterEach(() => fixture.close());

  const start = { kind: 'earliest', value: true } as const;
  const read = async (): Promise<number> => {
    const limits = { recordsMax: 2 ** 31 - 1, bytesMax: 2 ** 31 - 1, waitMs: 0 };
    return (await client.methods.read({ stream, start, ...limits }, client.call)).records!.length;
  };

  it('answer no more than 1024 records, however many are asked for', async () => {
    assert.equal(await read(), 1024);
  });

  it('begin one in each turn of the event loop, so that other calls come in between', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(Array.from({ length: 20 }, read));
    isOver = true;
    assert.ok(turns >= 19, `${turns} turns for 20 reads`);
  });
});
