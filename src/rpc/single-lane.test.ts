import assert from 'node:assert/strict';
import { type Deferred, deferred, GatewayError } from '../base/index.ts';
import { SingleLane } from './single-lane.ts';

/** A lane whose calls end when the test says so. */
class LaneUnderTest {
  readonly begun: string[] = [];
  readonly #lane = new SingleLane(1000);
  readonly #ends = new Map<string, Deferred<string>>();
  readonly #closed = new AbortController();

  call(name: string, { address = 'a', frameBytes = 1, signal = this.#closed.signal } = {}): Promise<string> {
    const end = deferred<string>();
    this.#ends.set(name, end);
    return this.#lane.run({ address, frameBytes, signal }, () => {
      this.begun.push(name);
      return end.promise;
    });
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)!.resolve(name);
    await new Promise(setImmediate);
  }
}

describe('a single lane', () => {
  it('runs one call at a time, those of an address in their order', async () => {
    const lane = new LaneUnderTest();
    const calls = ['one', 'two', 'three'].map((name) => lane.call(name));
    assert.deepEqual(lane.begun, ['one']);
    await lane.end('one');
    assert.deepEqual(lane.begun, ['one', 'two']);
    await lane.end('two');
    await lane.end('three');
    assert.deepEqual(await Promise.all(calls), ['one', 'two', 'three']);
  });

  it('takes the addresses in turn', async () => {
    const lane = new LaneUnderTest();
    for (const name of ['a1', 'a2', 'a3']) void lane.call(name);
    void lane.call('b1', { address: 'b' });
    for (const name of ['a1', 'a2', 'b1', 'a3']) await lane.end(name);
    assert.deepEqual(lane.begun, ['a1', 'a2', 'b1', 'a3']);
  });

  it('continues after a call that failed', async () => {
    const lane = new SingleLane(1000);
    const call = { address: 'a', frameBytes: 1, signal: new AbortController().signal };
    const failing = lane.run(call, () => Promise.reject(new Error('no')));
    const next = lane.run(call, () => Promise.resolve('yes'));
    await assert.rejects(failing, /no/);
    assert.equal(await next, 'yes');
  });

  it('refuses a call when too many bytes wait, and takes one again afterwards', async () => {
    const lane = new LaneUnderTest();
    void lane.call('runs', { frameBytes: 5000 });
    void lane.call('waits', { frameBytes: 900 });
    await assert.rejects(lane.call('too much', { frameBytes: 101 }), { code: 'QUEUE_FULL', retryable: true });
    await lane.end('runs');
    void lane.call('fits', { frameBytes: 1000 });
    await lane.end('waits');
    assert.deepEqual(lane.begun, ['runs', 'waits', 'fits']);
  });

  it('forgets a call whose client has gone', async () => {
    const lane = new LaneUnderTest();
    const gone = new AbortController();
    void lane.call('runs');
    const abandoned = lane.call('abandoned', { frameBytes: 1000, signal: gone.signal });
    gone.abort(new GatewayError('CONNECTION_CLOSED', 'gone'));
    await assert.rejects(abandoned, /gone/);
    void lane.call('next', { frameBytes: 1000 });
    await lane.end('runs');
    assert.deepEqual(lane.begun, ['runs', 'next']);
    await assert.rejects(lane.call('late', { signal: gone.signal }), /gone/);
  });
});
