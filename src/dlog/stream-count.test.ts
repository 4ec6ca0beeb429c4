import assert from 'node:assert/strict';
import { LogFixture } from '../testing/dlog/log-fixture.ts';

describe('the number of streams', () => {
  it('has a bound; a stream that is there and one that takes the place of a deleted one are no more', async () => {
    const fixture = new LogFixture();
    const log = fixture.process(3);
    await Promise.all(['a', 'b', 'c'].map((name) => log.createStream(`ns/${name}`)));
    const refusal = { code: 'STREAM_LIMIT', message: /ns\/d.*3 streams.*egret\.dlog\.streams\.max/ };
    await assert.rejects(log.createStream('ns/d'), refusal);
    assert.equal(await log.createStream('ns/a'), 'exists');
    await log.deleteStream('ns/a');
    assert.equal(await log.createStream('ns/d'), 'created');
    await assert.rejects(log.createStream('ns/e'), { code: 'STREAM_LIMIT' });
  });

  it('counts streams that another process made, a minute later', async () => {
    const fixture = new LogFixture();
    const [one, other] = [fixture.process(2), fixture.process(2)];
    await one.createStream('ns/a');
    await other.createStream('ns/b');
    fixture.clock.advance(60_000);
    await assert.rejects(one.createStream('ns/c'), { code: 'STREAM_LIMIT' });
  });
});
