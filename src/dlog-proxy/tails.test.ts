import assert from 'node:assert/strict';
import { committed, LogFixture, opened, turns } from '../testing/dlog/log-fixture.ts';
import { proxyLimits } from './limits.ts';
import { Tails } from './tails.ts';

describe('the tails of all streams', () => {
  it('hold no more than they may together, and each as much as the others', async () => {
    const fixture = new LogFixture();
    const log = fixture.process();
    const limits = { ...proxyLimits, tailsBytesMax: 30_000 };
    const tails = new Tails({ log, clock: fixture.clock, limits });
    const names = ['ns/a', 'ns/b', 'ns/c'];
    const found = [];
    for (const name of names) {
      await fixture.storage.createStream(name, null);
      const writer = await opened(log, name);
      const tail = (await tails.of(name))!;
      found.push(tail);
      for (let record = 0; record < 30; record++) await committed(writer.append(Buffer.alloc(1000)));
      await turns();
      assert.ok(tails.bytes <= 30_000, `${tails.bytes}`);
      await writer.close();
    }
    await turns();
    for (const tail of found) assert.ok(tail.bytes > 8_000, `${tail.bytes}`);
    await tails.closeAll();
    assert.equal(tails.bytes, 0);
  });
});
