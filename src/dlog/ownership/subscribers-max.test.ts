import assert from 'node:assert/strict';
import { errorCode } from '../../base/index.ts';
import { LogFixture } from '../../testing/dlog/log-fixture.ts';
import { subscribersMax } from './subscribers.ts';

describe('subscribers of a stream', () => {
  it('are limited, also when they arrive together; known subscribers continue', async () => {
    const fixture = new LogFixture();
    await fixture.storage.createStream('ns/s', null);
    const { subscribers } = fixture.process();
    for (let index = 0; index < subscribersMax - 1; index++)
      await fixture.storage.putNote('ns/s', `subscriber ${index}`, { generation: 1, member: '', next: null });
    const late = ['a', 'b', 'c'].map((name) => subscribers.takeOver('ns/s', name, 'm'));
    const results = await Promise.allSettled(late);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    );
    assert.equal(errorCode((results[1] as PromiseRejectedResult).reason), 'STREAM_INVALID');
    assert.ok((await subscribers.takeOver('ns/s', '0', 'm')).generation > 1);
    assert.ok((await subscribers.takeOver('ns/s', 'a', 'm')).generation > 1);
    assert.equal((await fixture.storage.noteNames('ns/s')).length, subscribersMax);
  });
});
