import assert from 'node:assert/strict';
import { execSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError, silentLog, systemClock, systemRandom, waitFor } from '../base/index.ts';
import { processStart } from '../child/index.ts';
import { recordingLog } from '../testing/recording-log.ts';
import {
  openRedisStore,
  type PrivateRedis,
  type PrivateRedisOptions,
  type StateStore,
  startPrivateRedis,
} from './index.ts';
import { socketPathOf } from './redis-process.ts';
import type { RedisStoreOptions } from './redis-store.ts';

describe('startPrivateRedis', () => {
  let dir: string;
  const servers: PrivateRedis[] = [];
  const stores: StateStore[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-redis-'));
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const server of servers.splice(0)) await server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const settings = { clock: systemClock, random: systemRandom, log: silentLog };
  const start = async (more: Partial<PrivateRedisOptions> = {}): Promise<PrivateRedis> => {
    const server = await startPrivateRedis({ dir, ...settings, ...more });
    servers.push(server);
    return server;
  };
  const open = async (url: string, limits: Partial<RedisStoreOptions> = {}): Promise<StateStore> => {
    const store = await openRedisStore({ url, keyPrefix: 'egret:', ...settings, ...limits });
    stores.push(store);
    return store;
  };
  const until = (what: string, probe: () => Promise<boolean> | boolean) =>
    waitFor(what, async () => ((await probe()) ? true : undefined), { clock: systemClock, limitMs: 8000 });
  const lost = ({ lines }: ReturnType<typeof recordingLog>): boolean =>
    lines.some(({ event }) => event === 'state.connection-lost');
  const answers = (store: StateStore) => () =>
    store.read('x').then(
      () => true,
      () => false,
    );

  it('serves on a unix socket alone, and leaves nothing running or lying about when closed', async () => {
    const server = await start();
    assert.equal(server.isAdopted, false);
    const store = await open(server.url);
    await store.put('a', 1);
    const { pid } = server;
    assert.match(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), /redis-server|unixsocket/);
    await Promise.all([server.close(), server.close()]);
    assert.equal(processStart(pid), undefined);
    assert.deepEqual(readdirSync(dir).sort(), ['appendonlydir', 'redis.log']);
  });

  it('keeps every record over a close, and over a kill of the server, which it starts again', async () => {
    const first = await start();
    const before = await open(first.url);
    await before.put('a', 1);
    await first.close();
    const second = await start();
    const store = await open(second.url);
    assert.deepEqual(await store.read('a'), { version: 1, value: 1 });
    const seen: (string | undefined)[] = [];
    await store.watch('', (key) => seen.push(key));
    await store.put('b', 2);
    const killed = second.pid;
    process.kill(killed, 'SIGKILL');
    await until('the loss', () => processStart(killed) === undefined);
    await until('the restart', () => second.pid !== killed);
    assert.deepEqual(await store.read('b'), { version: 1, value: 2 });
    await until('the word to look again', () => seen.includes(undefined));
    await store.put('c', 3);
    await until('the change', () => seen.includes('c'));
  });

  it('starts the server again in a directory that was deleted', async () => {
    const server = await start();
    const store = await open(server.url);
    await store.put('a', 1);
    const killed = server.pid;
    rmSync(dir, { recursive: true });
    process.kill(killed, 'SIGKILL');
    await until('the restart', () => server.pid !== killed);
    await until('its answer', answers(store));
    assert.equal(await store.read('a'), undefined);
    assert.equal(statSync(dir).mode & 0o777, 0o700);
  });

  it('is taken over by the next gateway while it runs, and ended by it', async () => {
    const first = await start();
    const store = await open(first.url);
    await store.put('a', 1);
    first.leave();
    first.leave();
    const second = await start();
    assert.deepEqual([second.isAdopted, second.pid, second.url], [true, first.pid, first.url]);
    assert.deepEqual(await store.read('a'), { version: 1, value: 1 });
    const adopted = second.pid;
    process.kill(adopted, 'SIGKILL');
    await until('the restart', () => second.pid !== adopted);
    await until('its answer', answers(store));
    await second.close();
    assert.equal(processStart(second.pid), undefined);
  });

  it('replaces a server that lives but does not answer', async () => {
    const first = await start();
    await (await open(first.url)).put('a', 1);
    first.leave();
    process.kill(first.pid, 'SIGSTOP');
    const second = await start({ answerLimitMs: 200 });
    assert.deepEqual([second.isAdopted, processStart(first.pid)], [false, undefined]);
    assert.deepEqual(await (await open(second.url)).read('a'), { version: 1, value: 1 });
  });

  it('replaces a server that is stopped while it serves, and keeps what it had confirmed', async () => {
    const healthLimits = { silentMsMax: Number.POSITIVE_INFINITY, stoppedMsMax: 500 };
    const server = await start({ healthLimits });
    const store = await open(server.url);
    await store.put('a', 1);
    const stopped = server.pid;
    process.kill(stopped, 'SIGSTOP');
    await until('another', () => server.pid !== stopped);
    assert.equal(processStart(stopped), undefined);
    await until('its answer', answers(store));
    assert.deepEqual(await store.read('a'), { version: 1, value: 1 });
  });

  it('starts one server however many gateways ask at a time', async () => {
    const all = await Promise.all([start(), start(), start()]);
    assert.equal(new Set(all.map((server) => server.pid)).size, 1);
    assert.equal(all.filter((server) => server.isAdopted).length, 2);
    for (const server of all.slice(1)) server.leave();
  });

  it('works in a directory whose path is too long for a socket', async () => {
    const long = join(dir, 'x'.repeat(120));
    mkdirSync(long);
    const server = await start({ dir: long });
    const short = socketPathOf(long);
    assert.ok(!short.startsWith(long) && existsSync(short));
    await (await open(server.url)).put('a', 1);
    server.leave();
    assert.equal((await start({ dir: long })).isAdopted, true);
    await server.close();
    assert.equal(existsSync(join(short, '..')), false);
  });

  it('says what to install when there is no server program', async () => {
    await assert.rejects(start({ command: 'no-such-server' }), {
      code: 'STATE_UNAVAILABLE',
      message: /no-such-server.*not installed: install the package redis-server.*egret\.redis\.url/,
    });
    assert.deepEqual(readdirSync(dir), []);
  });

  it('gives the last lines of the log of a server that does not come up, and leaves no process', async () => {
    const server = await start();
    await (await open(server.url)).put('a', 1);
    await server.close();
    const log = join(dir, 'appendonlydir', 'appendonly.aof.manifest');
    writeFileSync(log, 'nonsense\n');
    await assert.rejects(start(), (error: unknown) => {
      assert.ok(error instanceof GatewayError && error.code === 'STATE_UNAVAILABLE');
      assert.match(error.message, /ended as soon as it was started; its log ends with: .*manifest/);
      return true;
    });
    assert.ok(!existsSync(join(dir, 'redis.pid')));
  });

  describe('with damaged data', () => {
    const keep = async (): Promise<string> => {
      const server = await start();
      const store = await open(server.url);
      for (let count = 0; count < 50; count++) await store.put(`key-${count}`, 'x'.repeat(100));
      await store.close();
      await server.close();
      return join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof');
    };

    it('names the file that the server refuses, its words, and how to start without it, which then works', async () => {
      const file = await keep();
      const bytes = readFileSync(file);
      const middle = bytes.indexOf('*', bytes.length / 2);
      writeFileSync(file, Buffer.concat([bytes.subarray(0, middle), bytes.subarray(middle).fill(7, 0, 400)]));
      let command = '';
      await assert.rejects(start(), (error: Error) => {
        assert.match(
          error.message,
          /Bad file format reading the append only file appendonly\.aof\.1\.incr\.aof/,
        );
        assert.match(error.message, /restored from their copies.*errors of components are lost/);
        command = /move it away: (mv \S+ \S+\.broken)\. /.exec(error.message)![1]!;
        return true;
      });
      execSync(command);
      const store = await open((await start()).url);
      await store.put('a', 1);
    });

    for (const [what, damage] of [
      ['the end of its file is cut off', (bytes: Buffer) => bytes.subarray(0, -7)],
      [
        'a command of its file fails',
        (bytes: Buffer) =>
          Buffer.concat([bytes, Buffer.from('*3\r\n$5\r\nLPUSH\r\n$13\r\negret:records\r\n$1\r\nx\r\n')]),
      ],
    ] as const) {
      it(`says in the log that something was left out when ${what}`, async () => {
        const file = await keep();
        writeFileSync(file, damage(readFileSync(file)));
        const log = recordingLog();
        await start({ log });
        const [line] = log.lines.filter(({ event }) => event === 'redis.data-left-out');
        assert.equal(line?.['file'], join(dir, 'appendonlydir'));
        assert.match(String((line['said'] as string[])[0]), /short read|CRITICAL/);
      });
    }
  });

  it('stops at once when aborted', async () => {
    await assert.rejects(start({ signal: AbortSignal.abort(new GatewayError('ABORTED', 'no')) }), {
      code: 'ABORTED',
    });
    const abort = new AbortController();
    const starting = start({ signal: abort.signal });
    abort.abort(new GatewayError('ABORTED', 'no'));
    await assert.rejects(starting, { code: 'ABORTED' });
    assert.deepEqual(
      readdirSync(dir).filter((name) => name !== 'redis.log' && name !== 'appendonlydir'),
      [],
    );
  });

  it('rejects calls within their limit while the server is stopped, naming key and address, and recovers', async () => {
    const server = await start();
    const store = await open(server.url, { callLimitMs: 300 });
    process.kill(server.pid, 'SIGSTOP');
    const startedMs = systemClock.monotonicMs();
    await assert.rejects(store.put('topologies/t', 1), (error: unknown) => {
      assert.ok(error instanceof GatewayError && error.code === 'STATE_UNAVAILABLE' && error.retryable);
      assert.ok(error.message.includes('topologies/t') && error.message.includes(server.url), error.message);
      return true;
    });
    assert.ok(systemClock.monotonicMs() - startedMs < 2000);
    process.kill(server.pid, 'SIGCONT');
    await until('its answer', answers(store));
  });

  it('lets a call that is made just after a loss wait for the next server, and rejects later ones at once', async () => {
    const first = await start();
    const log = recordingLog();
    const patient = await open(first.url, { awayMsMax: 20_000, log });
    const hasty = await open(first.url, { awayMsMax: 0 });
    const hastyAnswers = answers(hasty);
    await patient.put('a', 1);
    first.leave();
    process.kill(first.pid, 'SIGKILL');
    await until('the loss', async () => lost(log) && !(await hastyAnswers()));
    const waiting = [patient.read('a'), patient.read('a')];
    await assert.rejects(hasty.read('a'), {
      code: 'STATE_UNAVAILABLE',
      message: /reading a: .*does not answer/,
    });
    await start();
    assert.deepEqual(await Promise.all(waiting), [
      { version: 1, value: 1 },
      { version: 1, value: 1 },
    ]);
    await until('its answer', hastyAnswers);
  });

  it('lets no call wait beyond the close of its store', async () => {
    const server = await start();
    const log = recordingLog();
    const store = await open(server.url, { awayMsMax: 20_000, log });
    server.leave();
    process.kill(server.pid, 'SIGKILL');
    await until('the loss', () => lost(log));
    const waiting = store.read('a');
    await store.close();
    await assert.rejects(waiting, { message: /reading a: .* has been closed/ });
  });

  it('says in words why the server refuses a write', async () => {
    const server = await start();
    const store = await open(server.url);
    const { Redis } = await import('ioredis');
    const client = new Redis(server.url.replace('unix:', ''));
    await client.replicaof('127.0.0.1', 1);
    await assert.rejects(store.create('topologies/t', 1), {
      code: 'STATE_UNAVAILABLE',
      message: /creating topologies\/t: .* refused: it is a read-only replica/,
    });
    await client.replicaof('NO', 'ONE');
    await client.config('SET', 'maxmemory', '1');
    await assert.rejects(store.put('topologies/t', 1), {
      message: /refused: it has used the memory it may use/,
    });
    await client.config('SET', 'maxmemory', '0');
    await store.put('topologies/t', 1);
    client.disconnect();
  });

  it('rejects opening a store at an address where no server listens, within its limit', async () => {
    await assert.rejects(
      openRedisStore({ url: `unix:${dir}/none.sock`, keyPrefix: 'egret:', connectLimitMs: 100, ...settings }),
      {
        code: 'STATE_UNAVAILABLE',
        message: /opening the state store: .*none\.sock does not answer: .*ENOENT/,
      },
    );
  });
});
