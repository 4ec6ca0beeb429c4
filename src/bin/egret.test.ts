import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { systemClock, waitFor } from '../base/index.ts';
import { readEndpoints } from '../cli/index.ts';
import { EgretCommand } from '../testing/egret-command.ts';
import { EgretCommands } from '../testing/egret-commands.ts';
import { type NimbusFixture, openNimbusFixture } from '../testing/nimbus-fixture.ts';

describe('egret up', function () {
  this.timeout(60_000);
  let dir: string;
  let commands: EgretCommands;
  beforeEach(() => {
    commands = new EgretCommands('up');
    dir = commands.dir;
  });
  afterEach(() => commands[Symbol.asyncDispose]());

  const local = () => ['-c', `storm.local.dir=${dir}/local`];
  const egret = (...args: string[]): EgretCommand => commands.start(args);
  const up = (...flags: string[]): EgretCommand =>
    egret('up', ...local(), '-c', 'nimbus.thrift.port=0', ...flags);
  const failure = async (running: EgretCommand): Promise<string> => {
    const { code, out, err } = await running.ended;
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^[^\n]+\n$/, 'one line says why');
    return err;
  };
  const processesOf = (): string[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir);
        } catch {
          return false;
        }
      });

  it('answers when it says it is ready, keeps others off its directory, and leaves no process or address', async () => {
    const gateway = up();
    const port = (await gateway.ready()).get('nimbus');
    assert.equal(readEndpoints(`${dir}/local`).services['nimbus']?.port, port);
    assert.equal(statSync(`${dir}/local`).mode & 0o777, 0o700);
    const list = await egret('list', ...local()).ended;
    assert.deepEqual(list, { code: 0, out: 'No topologies running.\n', err: '' });
    assert.match(await failure(up()), /another gateway \(process \d+\) runs on storm\.local\.dir/);
    gateway.process.kill('SIGTERM');
    assert.deepEqual(await gateway.ended, { code: 0, out: gateway.out, err: '' });
    assert.deepEqual(
      readdirSync(`${dir}/local`).filter((name) => /endpoints|lock/.test(name)),
      [],
    );
    assert.deepEqual(processesOf(), []);
    assert(!existsSync(`${dir}/local/redis/redis.sock`));
  });

  it('starts again after it was killed, over what it left', async () => {
    const killed = up();
    await killed.ready();
    killed.process.kill('SIGKILL');
    await killed.ended;
    const { err } = await egret('list', ...local()).ended;
    assert.match(err, /^no gateway found: .* is no longer running/);
    const next = up();
    await next.ready();
    next.process.kill('SIGINT');
    assert.equal((await next.ended).code, 0);
    assert.deepEqual(processesOf(), []);
  });

  it('keeps others off its directory when its lock is deleted, and takes the lock again', async () => {
    const gateway = up();
    await gateway.ready();
    const lock = `${dir}/local/gateway.lock`;
    rmSync(lock);
    assert.match(await failure(up()), /another gateway \(process \d+\) runs on storm\.local\.dir/);
    const holder = await waitFor('its lock', () => existsSync(lock) || undefined, {
      clock: systemClock,
      limitMs: 10_000,
    }).then(() => JSON.parse(readFileSync(lock, 'utf8')) as { pid: number });
    assert.equal(holder.pid, gateway.process.pid);
  });

  it('ends, and leaves Redis and containers to the other, when another gateway has its directory', async () => {
    const gateway = up();
    await gateway.ready();
    const redis = readFileSync(`${dir}/local/redis/redis.pid`, 'utf8');
    gateway.process.kill('SIGSTOP');
    for (const file of ['gateway.lock', 'endpoints.json']) rmSync(`${dir}/local/${file}`);
    const other = up();
    await other.ready();
    gateway.process.kill('SIGCONT');
    const { code, err } = await gateway.ended;
    assert.equal(code, 1);
    assert.match(err, /^[^\n]*another gateway \(process \d+\) runs on storm\.local\.dir[^\n]*\n$/);
    assert.equal(readFileSync(`${dir}/local/redis/redis.pid`, 'utf8'), redis);
    const list = await egret('list', ...local()).ended;
    assert.deepEqual(list, { code: 0, out: 'No topologies running.\n', err: '' });
  });

  it('can be ended while it starts', async () => {
    const gateway = up();
    await waitFor('its lock', () => existsSync(`${dir}/local/gateway.lock`) || undefined, {
      clock: systemClock,
      limitMs: 30_000,
    });
    gateway.process.kill('SIGTERM');
    assert.equal((await gateway.ended).code, 0);
    assert.deepEqual(processesOf(), []);
  });

  it('names the key of a port in use', async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port));
    });
    try {
      assert.match(
        await failure(up('-c', `nimbus.thrift.port=${port}`)),
        new RegExp(`nimbus\\.thrift\\.port.*${port}|${port}.*nimbus\\.thrift\\.port`),
      );
      assert.deepEqual(processesOf(), []);
    } finally {
      holder.close();
    }
  });

  it('names a directory it cannot write', async () => {
    writeFileSync(join(dir, 'file'), '');
    assert.match(
      await failure(up('-c', `storm.local.dir=${dir}/file/local`)),
      /storm\.local\.dir .*\/file\/local cannot be written \(ENOTDIR\)/,
    );
  });

  it('says what to install when there is no Redis server', async () => {
    const line = await failure(up('-c', 'egret.redis.server.command=no-such-redis'));
    assert.match(line, /no-such-redis/);
  });

  it('names the address of an external Redis that does not answer', async () => {
    const line = await failure(up('-c', 'egret.redis.url=redis://127.0.0.1:1'));
    assert.match(line, /127\.0\.0\.1:1/);
  });

  it('names every key it does not understand, with the nearest one it does', async () => {
    const line = await failure(
      up('-c', 'egret.redis.ulr=x', '-c', 'ui.port=1', '-c', 'egret.log.level=loud'),
    );
    assert.match(line, /egret\.redis\.ulr \(-c\): no such key, did you mean egret\.redis\.url\?/);
    assert.match(line, /egret\.log\.level \(-c\): must be one of debug, info, warn, error, got "loud"/);
  });
});

describe('egret jar', function () {
  this.timeout(60_000);
  const examples = new URL('../../build/java/egret-examples.jar', import.meta.url).pathname;
  let nimbus: NimbusFixture;
  before(async () => {
    nimbus = await openNimbusFixture(systemClock);
  });
  after(() => nimbus[Symbol.asyncDispose]());
  const jar = (...args: string[]) =>
    new EgretCommand(['jar', '-c', `nimbus.thrift.port=${nimbus.port}`, examples, ...args]).ended;

  it("submits with Storm's own client, flags of ours and of the main class standing anywhere", async () => {
    const submitted = await jar(
      'egret.examples.WordCount',
      'words',
      '/in',
      '/out',
      '/bin/true',
      '40',
      '2',
      '-c',
      'my.key=a b,c%',
    );
    assert.equal(submitted.code, 0, submitted.err);
    const topology = await nimbus.client.call.getTopologySummaryByName({ name: 'words' });
    assert.equal(topology.storm_version, '2.8.3');
    const conf = JSON.parse(await nimbus.client.call.getTopologyConf({ id: topology.id })) as Record<
      string,
      unknown
    >;
    assert.equal(conf['my.key'], 'a b,c%');
    assert.equal(conf['topology.workers'], 2);
    assert(nimbus.files().some((file) => file.endsWith('resources/split_sentence.py')));

    const again = await jar('egret.examples.WordCount', 'words', '/in', '/out', '/bin/true');
    assert.equal(again.code, 1);
    assert.match(again.err, /words is either not allowed or it already exists/);
  });

  it('ends as the JVM ends when there is no such main class', async () => {
    const { code, err } = await jar('egret.examples.Missing');
    assert.equal(code, 1);
    assert.match(err, /Could not find or load main class egret\.examples\.Missing/);
  });
});
