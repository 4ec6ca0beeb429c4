import assert from 'node:assert/strict';
import { parseRedisUrl } from './redis-address.ts';

describe('parseRedisUrl', () => {
  it('reads addresses of servers and of sockets', () => {
    const cases = {
      'redis://one': { host: 'one', port: 6379, db: 0 },
      'redis://127.0.0.1:7000/3': { host: '127.0.0.1', port: 7000, db: 3 },
      'redis://[::1]:7000': { host: '::1', port: 7000, db: 0 },
      'redis://me:p%40ss@one:1': { host: 'one', port: 1, db: 0, username: 'me', password: 'p@ss' },
      'redis://:secret@one/': { host: 'one', port: 6379, db: 0, password: 'secret' },
      'rediss://one': { host: 'one', port: 6379, db: 0, tls: {} },
      '/a/b.sock': { path: '/a/b.sock' },
      'unix:/a/b.sock': { path: '/a/b.sock' },
      'unix:///a/b.sock': { path: '/a/b.sock' },
    };
    for (const [url, options] of Object.entries(cases))
      assert.deepEqual(parseRedisUrl(url).options, options, url);
  });

  it('refuses what is no address, and never shows a password', () => {
    for (const url of ['', 'one', 'http://one', 'redis://', 'redis://one/x', 'unix:', 'http://me:hush@one']) {
      assert.throws(
        () => parseRedisUrl(url),
        (error: Error) =>
          !error.message.includes('hush') && 'code' in error && error.code === 'CONFIG_INVALID',
        url,
      );
    }
    assert.equal(parseRedisUrl('redis://me:hush@one').text, 'redis://one:6379/0');
  });
});
