import assert from 'node:assert/strict';
import { deferred } from '../base/index.ts';
import { turns } from '../testing/dlog/log-fixture.ts';
import { ProxyConnection, ProxyFixture } from '../testing/dlog/proxy-fixture.ts';

describe('the streams that a proxy writes', () => {
  let fixture: ProxyFixture;
  afterEach(() => fixture.close());

  const code = async (client: ProxyConnection, stream: string): Promise<string> =>
    (await client.methods.writeWithContext({ stream, data: Buffer.from('x'), ctx: {} }, client.call)).header
      .code;

  it('make room for another one when they are many, and none of their records is lost', async () => {
    fixture = new ProxyFixture();
    const client = new ProxyConnection(fixture.proxy({ limits: { streamsMax: 2 } }));
    for (const stream of ['ns/a', 'ns/b', 'ns/c']) {
      await client.methods.create({ stream, ctx: {} }, client.call);
    }
    assert.deepEqual([await code(client, 'ns/a'), await code(client, 'ns/b')], ['SUCCESS', 'SUCCESS']);
    assert.equal(await code(client, 'ns/c'), 'TOO_MANY_STREAMS');
    fixture.clock.advance(2000);
    assert.equal(await code(client, 'ns/b'), 'SUCCESS');
    fixture.clock.advance(1000);
    assert.equal(await code(client, 'ns/c'), 'SUCCESS');
    await turns();
    const { ownerships } = await client.methods.handshake({}, client.call);
    assert.deepEqual([...ownerships!.keys()], ['ns/b', 'ns/c']);
    fixture.clock.advance(4000);
    assert.equal(await code(client, 'ns/a'), 'SUCCESS');
    await fixture.pause();
    const read = { stream: 'ns/a', recordsMax: 10, bytesMax: 100, waitMs: 0 };
    const first = { ...read, start: { kind: 'earliest', value: true } as const };
    const one = await client.methods.read(first, client.call);
    const then = { ...read, start: { kind: 'dlsn', value: one.nextDlsn! } as const };
    const two = await client.methods.read(then, client.call);
    assert.equal([...one.records!, ...two.records!].length, 2);
  });

  it('answer a write that comes while its stream is given back with a code that passes', async () => {
    fixture = new ProxyFixture();
    const client = new ProxyConnection(fixture.proxy({ limits: { streamsMax: 1 } }));
    for (const stream of ['ns/a', 'ns/b']) await client.methods.create({ stream, ctx: {} }, client.call);
    await code(client, 'ns/a');
    fixture.clock.advance(4000);
    const [taken, meanwhile] = await Promise.all([code(client, 'ns/b'), code(client, 'ns/a')]);
    assert.deepEqual([taken, meanwhile], ['SUCCESS', 'SERVICE_UNAVAILABLE']);
  });

  it('are acquired so many at a time, and the others wait', async () => {
    fixture = new ProxyFixture();
    const client = new ProxyConnection(fixture.proxy({ limits: { acquisitionsMax: 2 } }));
    const names = Array.from({ length: 6 }, (_, index) => `ns/${index}`);
    for (const stream of names) await client.methods.create({ stream, ctx: {} }, client.call);
    const held = deferred<undefined>();
    let acquiring = 0;
    const openLease = fixture.store.holdLease.bind(fixture.store);
    fixture.store.holdLease = async (...given) => {
      acquiring += 1;
      await held.promise;
      return openLease(...given);
    };
    const writes = names.map((stream) => code(client, stream));
    await turns();
    assert.equal(acquiring, 2);
    held.resolve(undefined);
    assert.deepEqual(new Set(await Promise.all(writes)), new Set(['SUCCESS']));
  });
});
