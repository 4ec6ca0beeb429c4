import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { deferred, untilAborted } from './async.ts';

describe('untilAborted', () => {
  it('has the result of the work, and listens to the signal no longer', async () => {
    const work = deferred<string>();
    const { signal } = new AbortController();
    const result = untilAborted(work.promise, signal);
    work.resolve('done');
    assert.equal(await result, 'done');
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  it('rejects with what the work rejects with', async () => {
    const failure = new Error('no disk');
    await assert.rejects(untilAborted(Promise.reject(failure), new AbortController().signal), failure);
  });

  it('rejects with the reason of an abort, also of an earlier one, while the work continues', async () => {
    const abort = new AbortController();
    const reason = new Error('the gateway stops');
    const result = untilAborted(deferred<never>().promise, abort.signal);
    abort.abort(reason);
    await assert.rejects(result, reason);
    await assert.rejects(untilAborted(deferred<never>().promise, abort.signal), reason);
  });
});
