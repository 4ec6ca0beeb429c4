import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { GatewayError } from '../base/index.ts';
import { ProxyConnection, ProxyFixture } from '../testing/dlog/proxy-fixture.ts';
import { type LogLine, recordingLog } from '../testing/recording-log.ts';
import { answerText } from './answer-text.ts';

describe('the text of an error for a client', () => {
  it('names what went wrong, without paths of the server', () => {
    const missing = ((): unknown => {
      try {
        return readFileSync('/nowhere/secret');
      } catch (error) {
        return error;
      }
    })();
    assert.equal(answerText(missing), 'ENOENT: no such file or directory');
    const ours = new GatewayError('SEGMENT_POISONED', 'ns/s: segment 1 takes nothing more', {
      cause: missing,
    });
    assert.equal(answerText(ours), 'ns/s: segment 1 takes nothing more: ENOENT: no such file or directory');
    assert.doesNotMatch(answerText(new TypeError("cannot read '/a/b'")), /\/a\/b/);
  });

  it('is short, however much of it the client has sent', () => {
    assert.ok(answerText(new GatewayError('STREAM_INVALID', 'x'.repeat(1_000_000))).length < 1000);
  });

  it('is not all that is known: the log has the error', async () => {
    const fixture = new ProxyFixture();
    const lines: LogLine[] = [];
    const client = new ProxyConnection(fixture.proxy({ logger: recordingLog(lines) }));
    await client.methods.create({ stream: 'ns/s', ctx: {} }, client.call);
    fixture.disk.fault = (call) => (call === 'rename' ? 'EIO' : undefined);
    const to = { kind: 'latest', value: true } as const;
    const { header } = await client.methods.moveSubscriber(
      { stream: 'ns/s', subscriber: 'x', to },
      client.call,
    );
    assert.deepEqual([header.code, header.errMsg], ['INTERNAL_SERVER_ERROR', 'EIO: simulated']);
    assert.match(
      String(lines.find(({ event }) => event === 'dlog-proxy.call-failed')?.['error']),
      /\/log\/ns\/s/,
    );
    await fixture.close();
  });
});

describe('the name of a subscriber', () => {
  it('that no file can have is refused as a bad request that names the limit', async () => {
    const fixture = new ProxyFixture();
    const client = new ProxyConnection(fixture.proxy());
    await client.methods.create({ stream: 'ns/s', ctx: {} }, client.call);
    const to = { kind: 'latest', value: true } as const;
    for (const subscriber of ['y'.repeat(300), '/'.repeat(90), 'z'.repeat(1_000_000)]) {
      const request = { stream: 'ns/s', subscriber, to };
      const { header } = await client.methods.moveSubscriber(request, client.call);
      assert.equal(header.code, 'REQUEST_DENIED');
      assert.match(header.errMsg!, /subscriber of ns\/s.*255 bytes/);
      assert.ok(header.errMsg!.length < 500);
    }
    const request = { stream: 'ns/s', subscriber: 'y'.repeat(200), to };
    assert.equal((await client.methods.moveSubscriber(request, client.call)).header.code, 'SUCCESS');
    await fixture.close();
  });
});
