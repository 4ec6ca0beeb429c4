import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assertNothingLeft,
  closeLeavingNothing,
  gatewayLog,
  Healthy,
  loggedLine,
  ownGateway,
} from './bad-luck.ts';
import { withCase } from './case.ts';
import { runEgret } from './egret.ts';
import { ask, topologyInfo } from './nimbus.ts';
import { processesOf } from './processes.ts';
import { eventually, tuplesOf } from './records.ts';
import { trySubmit } from './storm-client.ts';
import { openTarget, restartGateway, target } from './target.ts';

describe('a gateway that cannot start', () => {
  let scratch = '';
  let localDir = '';

  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'egret-compat-'));
    localDir = join(scratch, 'local');
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  const up = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runEgret(['up', '-c', `storm.local.dir=${localDir}`, ...args], env);

  it('because its port is in use ends with 1 and one line that names the key, and leaves nothing', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const run = await up(['-c', `nimbus.thrift.port=${port}`]);
    other.close();
    assert.equal(run.code, 1);
    assert.match(
      run.errors,
      new RegExp(`^port ${port} of 127\\.0\\.0\\.1 \\(nimbus\\.thrift\\.port\\) is in use.*\n$`),
    );
    assertNothingLeft(localDir);
  });

  it('because there is no Redis ends with 1 and one line that says what to install', async () => {
    const bin = join(scratch, 'bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    for (const tool of ['readlink', 'dirname']) symlinkSync(join('/usr/bin', tool), join(bin, tool));
    const run = await up(['-c', 'nimbus.thrift.port=0'], { PATH: bin });
    assert.equal(run.code, 1);
    assert.match(
      run.errors,
      /^[^\n]*needs redis-server or valkey-server, which is not installed: install [^\n]*egret\.redis\.url[^\n]*\n$/,
    );
    assertNothingLeft(localDir);
  });

  it('because its external Redis is not there ends with 1 and one line that names the address', async () => {
    const socket = join(scratch, 'none.sock');
    const run = await up(['-c', 'nimbus.thrift.port=0', '-c', `egret.redis.url=unix:${socket}`]);
    assert.equal(run.code, 1);
    assert.match(run.errors, new RegExp(`^[^\n]*${socket}[^\n]*ENOENT[^\n]*\n$`));
    assertNothingLeft(localDir);
  });
});

/** Asserts that a submission without a state store fails and that the client receives the reason. */
async function assertRefused(name: string, why: RegExp): Promise<void> {
  const result = await trySubmit(name, 'count', {});
  assert.notEqual(result.code, 0);
  assert.match(result.output, why);
}

async function assertRuns(caseName: string): Promise<void> {
  await withCase(caseName, {}, async ({ out }) => {
    await eventually('tuples', () => (tuplesOf(out, 'sink').length > 100 ? true : undefined));
  });
}

/** One command in one line to a Redis; its answer as it comes. */
function sayTo(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = connect(socket, () => client.write(`${command}\r\n`));
    client.once('data', (bytes) => {
      client.destroy();
      resolve(bytes.toString('utf8'));
    });
    client.once('error', reject);
  });
}

describe('a private Redis in trouble', () => {
  const healthy = new Healthy();
  let localDir = '';
  const redisPids = (): number[] => processesOf(localDir, 'redis').map(({ pid }) => pid);
  /** Resolves once a server answers that was started after that one died. */
  const nextRedis = async (died: number): Promise<void> => {
    let isDead = false;
    await loggedLine((line) => {
      isDead ||= line.event === 'redis.died' && line['pid'] === died;
      return isDead && line.event === 'redis.started';
    }, 'the next Redis');
  };
  /**
   * Returns the workers of the healthy topology only: a topology that an earlier case ran may still be
   * ending.
   */
  const workers = (): number[] =>
    [...processesOf(localDir, 'container'), ...processesOf(localDir, 'jvm')]
      .filter(({ command }) => command.includes(healthy.name))
      .map(({ pid }) => pid);

  before(async function () {
    await openTarget({});
    localDir = (await ownGateway(this)).localDir;
    await healthy.start();
  });
  after(async () => {
    if (localDir !== '') await healthy.stop();
    await closeLeavingNothing();
  });

  it('is started again when it was killed; containers stay and tuples flow meanwhile', async () => {
    const before = workers();
    const [redis] = redisPids();
    process.kill(redis!, 'SIGKILL');
    await healthy.flows();
    await nextRedis(redis!);
    await assertRuns('count');
    await healthy.flows();
    assert.deepEqual(workers(), before);
  });

  it('is replaced when it is stopped; containers stay and tuples flow meanwhile', async () => {
    const before = workers();
    const [redis] = redisPids();
    process.kill(redis!, 'SIGSTOP');
    await healthy.flows();
    await loggedLine((line) => line.event === 'redis.stuck' && line['verdict'] === 'stopped', 'the verdict');
    await nextRedis(redis!);
    await assertRuns('count');
    await healthy.flows();
    assert.deepEqual(workers(), before);
  });

  it('that was emptied ends no topology: all is written again, and containers stay', async () => {
    const before = workers();
    const { id } = await topologyInfo(healthy.name);
    assert.match(await sayTo(join(localDir, 'redis', 'redis.sock'), 'FLUSHALL'), /OK/);
    await loggedLine((line) => line.event === 'store.restored', 'the restoration');
    await healthy.flows();
    const info = await eventually('its answers', () => topologyInfo(healthy.name).catch(() => undefined));
    assert.deepEqual([info.id, info.status], [id, 'ACTIVE']);
    assert.deepEqual(workers(), before);
    await ask((nimbus) => nimbus.deactivate({ name: healthy.name }));
    await ask((nimbus) => nimbus.activate({ name: healthy.name }));
    await healthy.flows();
    await assertRuns('count');
  });

  it('that was emptied while no gateway ran is filled again by the next one', async () => {
    const before = workers();
    (await target()).gateway!.kill('SIGKILL');
    assert.match(await sayTo(join(localDir, 'redis', 'redis.sock'), 'FLUSHALL'), /OK/);
    await healthy.flows();
    await restartGateway();
    await healthy.flows();
    assert.equal((await topologyInfo(healthy.name)).status, 'ACTIVE');
    assert.deepEqual(workers(), before);
  });
});

describe('an external Redis that refuses writes', () => {
  const healthy = new Healthy();
  let scratch = '';
  let socket = '';
  let redis: ChildProcess | undefined;
  let localDir = '';

  before(async function () {
    scratch = mkdtempSync(join(tmpdir(), 'egret-compat-redis-'));
    socket = join(scratch, 'redis.sock');
    const settings = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', scratch];
    redis = spawn('redis-server', settings, { stdio: 'ignore' });
    await eventually('a Redis of the test', () => say('PING').catch(() => undefined));
    await openTarget({ args: ['-c', `egret.redis.url=unix:${socket}`] });
    localDir = (await ownGateway(this)).localDir;
    await healthy.start();
  });
  after(async () => {
    if (localDir !== '') await healthy.stop();
    await closeLeavingNothing();
    const left = localDir === '' ? 'nothing' : await say('KEYS *');
    redis?.kill();
    rmSync(scratch, { recursive: true, force: true });
    assert.doesNotMatch(left, new RegExp(healthy.name));
  });

  const say = (command: string): Promise<string> => sayTo(socket, command);

  it('lets a gateway start, which says why it schedules nothing and begins when it writes again', async () => {
    await say('CONFIG SET min-replicas-to-write 1');
    try {
      // its predecessor is dead: an orderly end would have to write
      (await target()).gateway!.kill('SIGKILL');
      await restartGateway();
      await loggedLine(
        (line) => line.event === 'lease.unanswered' && /too few replicas/.test(String(line['reason'])),
        'why nothing is scheduled',
      );
      await assertRefused(`refused-${process.pid}`, /refused: it has too few replicas to accept writes/);
      await healthy.flows();
    } finally {
      await say('CONFIG SET min-replicas-to-write 0');
    }
    await assertRuns('count');
    await healthy.flows();
  });

  for (const [what, setting, refusing, normal, why] of [
    [
      'for want of replicas',
      'min-replicas-to-write',
      '1',
      '0',
      /refused: it has too few replicas to accept writes/,
    ],
    ['for want of memory', 'maxmemory', '1', '0', /refused: it has used the memory it may use/],
  ] as const) {
    it(`${what}: submissions are refused with its reason, tuples flow, and all is well when it writes again`, async () => {
      await say(`CONFIG SET ${setting} ${refusing}`);
      try {
        await assertRefused(`refused-${process.pid}`, why);
        await healthy.flows();
        // longer than the gateway's lease, and no new word comes from any container
        await eventually('the trouble in the log', () =>
          gatewayLog(localDir).some((line) => why.test(JSON.stringify(line))) ? true : undefined,
        );
      } finally {
        await say(`CONFIG SET ${setting} ${normal}`);
      }
      assert.equal((await target()).gateway!.exitCode, null);
      await assertRuns('count');
      await healthy.flows();
    });
  }
});
