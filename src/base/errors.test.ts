import assert from 'node:assert/strict';
import { describeError, GatewayError } from './errors.ts';

describe('describeError', () => {
  it('says message and causes in one line, each once', () => {
    const root = new Error('ENOSPC');
    const full = new GatewayError('UPLOAD_FAILED', 'the disk is full', { cause: root });
    assert.equal(
      describeError(new Error('no upload', { cause: full })),
      'no upload: the disk is full: ENOSPC',
    );
    const quoting = new GatewayError('STATE_UNAVAILABLE', 'refused (ENOSPC)', { cause: root });
    assert.equal(describeError(quoting), 'refused (ENOSPC)');
  });

  it('takes whatever was thrown', () => {
    assert.equal(describeError('a word'), 'a word');
    assert.equal(describeError(new Error('outside', { cause: 42 })), 'outside: 42');
  });
});
