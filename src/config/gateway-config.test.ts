import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../base/index.ts';
import { loadClientConfig } from './client-config.ts';
import { readConfValue } from './conf-text.ts';
import { loadGatewayConfig } from './gateway-config.ts';
import { gatewayKeys } from './schema.ts';

/** Storm's defaults for the keys the gateway reads, as the released jar has them. */
const stormDefaults = {
  'storm.local.dir': 'storm-local',
  'nimbus.seeds': ['localhost'],
  'nimbus.thrift.port': 6627,
  'nimbus.thrift.max_buffer_size': 1_048_576,
  'nimbus.file.copy.expiration.secs': 600,
  'nimbus.inbox.jar.expiration.secs': 3600,
  'nimbus.cleanup.inbox.freq.secs': 600,
  'supervisor.slots.ports': [6700, 6701, 6702, 6703],
  'storm.workers.artifacts.dir': 'workers-artifacts',
  'topology.min.replication.count': 1,
};

async function faultOf(work: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await work.then(
    () => assert.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  assert(error instanceof GatewayError);
  return error;
}

describe('gateway configuration', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-config-'));
    mkdirSync(join(dir, 'build'));
    writeFileSync(join(dir, 'build', 'storm-defaults.json'), JSON.stringify(stormDefaults));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const yaml = (text: string): string => {
    const path = join(dir, 'storm.yaml');
    writeFileSync(path, text);
    return path;
  };
  const load = (flags: readonly string[], file?: string) =>
    loadGatewayConfig({ checkoutDir: dir, flags, file });

  it('lets flags win over the file and the file over the defaults', async () => {
    const file = yaml('nimbus.thrift.port: 7001\nsupervisor.slots.ports:\n  - 6800\nui.port: 9000\n');
    const config = await load(['nimbus.thrift.port=0', 'storm.local.dir=state'], file);
    assert.equal(config.nimbus.port, 0);
    assert.deepEqual(config.slotPorts, [6800]);
    assert.equal(config.localDir, join(dir, 'state'));
    assert.equal(config.artifactsDir, join(dir, 'state', 'workers-artifacts'));
    assert.equal(config.nimbus.uploadIdleMs, 600_000);
    assert.equal(readConfValue(config.conf, 'ui.port'), 9000);
  });

  it('limits the connections of one address and the bytes that a service holds, as Storm has no keys to', async () => {
    assert.deepEqual((await load([])).connections, {
      connectionsPerAddressMax: 256,
      heldBytesMax: 8 * 1024 * 1024,
    });
    const flags = ['egret.connections.per.address.max=8', 'egret.connections.held.max.bytes=1048576'];
    assert.deepEqual((await load(flags)).connections, {
      connectionsPerAddressMax: 8,
      heldBytesMax: 1_048_576,
    });
    const none = ['egret.connections.per.address.max=0', 'egret.connections.held.max.bytes=0'];
    const { message } = await faultOf(load(none));
    assert.match(message, /egret\.connections\.per\.address\.max \(-c.*\): must be >= 1, got 0/);
    assert.match(message, /egret\.connections\.held\.max\.bytes \(-c.*\): must be >= 1048576, got 0/);
  });

  it('reads a key under its former name, and says which one replaced it', async () => {
    const file = yaml('egret.shell.queue.bytes.high: 1000\negret.shell.queue.low.bytes: 1\n');
    const config = await load(['egret.shell.queue.bytes.low=2'], file);
    assert.equal(readConfValue(config.conf, 'egret.shell.queue.high.bytes'), 1000);
    assert.equal(readConfValue(config.conf, 'egret.shell.queue.low.bytes'), 2);
    assert(!config.conf.has('egret.shell.queue.bytes.high'));
    assert.deepEqual(config.deprecatedKeys, [
      { key: 'egret.shell.queue.bytes.high', successor: 'egret.shell.queue.high.bytes' },
      { key: 'egret.shell.queue.bytes.low', successor: 'egret.shell.queue.low.bytes' },
    ]);
  });

  it('is frozen', async () => {
    const config = await load([]);
    assert.throws(() => Object.assign(config.nimbus, { port: 1 }), TypeError);
  });

  it('reports every fault at once, with key, place, expectation and value', async () => {
    const file = yaml(
      'nimbus.thrift.port: yes\nsupervisor.slots.ports: [6700, 6700, 70000]\negret.redis.ulr: x\n',
    );
    const error = await faultOf(load(['egret.log.level=loud'], file));
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.deepEqual((error.facts['faults'] as string[]).toSorted(), [
      'egret.log.level (-c): must be one of debug, info, warn, error, got "loud"',
      `egret.redis.ulr (${file}): no such key, did you mean egret.redis.url?`,
      `nimbus.thrift.port (${file}): must be integer, got true`,
      `supervisor.slots.ports (${file}): must NOT have duplicate items (items ## 1 and 0 are identical), got [6700,6700,70000]`,
      `supervisor.slots.ports/2 (${file}): must be <= 65535, got 70000`,
    ]);
  });

  it('lets unknown keys of Storm pass, with all their digits', async () => {
    const config = await load(
      [],
      yaml('my.own.key: 9007199254740993\nsome.list: [1.5, .nan]\nwhen: 2001-12-14\n'),
    );
    assert.equal(config.conf.get('my.own.key'), '9007199254740993');
    assert.equal(config.conf.get('some.list'), '[1.5,NaN]');
  });

  it('reads flag values as JSON where they are, as text where they are not', async () => {
    const config = await load(['a=1', 'b=x=y', 'c=[1,2', 'd={"e":null}', 'f=true', 'g=']);
    const read = (key: string) => readConfValue(config.conf, key);
    assert.deepEqual(['a', 'b', 'c', 'd', 'f', 'g'].map(read), [1, 'x=y', '[1,2', { e: null }, true, '']);
  });

  it('names path and line of a broken file, and a file that is not there', async () => {
    assert.match((await faultOf(load([], yaml('a: 1\nb: [')))).message, /storm\.yaml: .*line/);
    assert.match((await faultOf(load([], yaml('a: 1\na: 2')))).message, /unique/);
    assert.match((await faultOf(load([], yaml('- 1')))).message, /must hold keys and values/);
    assert.match((await faultOf(load([], join(dir, 'none.yaml')))).message, /none\.yaml: no such file/);
    assert.match((await faultOf(load(['nothing']))).message, /-c expects key=value, got "nothing"/);
  });
});

describe('keys of the configuration', () => {
  it('are all known when the sources read them', () => {
    const source = new URL('../', import.meta.url).pathname;
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !/\.test\.ts$|deprecated-keys\.ts$/.test(path),
    );
    const read = files.flatMap((path) => [
      ...readFileSync(join(source, path), 'utf8').matchAll(/'(egret(?:\.[a-z]+)+)'/g),
    ]);
    assert(read.length > 10);
    for (const [, key] of read) assert(Object.hasOwn(gatewayKeys, key!), key);
  });
});

describe('client configuration', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-client-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const load = (flags: readonly string[], file?: string) =>
    loadClientConfig({
      checkoutDir: '/install',
      homeDir: join(dir, 'home'),
      stormConfDir: join(dir, 'conf'),
      file,
      flags,
    });
  const write = (path: string, text: string): void => {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), text);
  };

  it('says nothing of seeds and port where the user set none', async () => {
    const config = await load([]);
    assert.equal(config.seeds, undefined);
    assert.equal(config.port, undefined);
    assert.equal(config.localDir, '/install/storm-local');
  });

  it('finds the state of an npm package outside of it', async () => {
    const options = {
      checkoutDir: '/install',
      homeDir: dir,
      stormConfDir: undefined,
      file: undefined,
      flags: [],
    };
    const config = await loadClientConfig({ ...options, stateDir: '/home/of/user/.egret' });
    assert.equal(config.localDir, '/home/of/user/.egret/storm-local');
  });

  it("prefers the user's own file over $STORM_CONF_DIR, --config over both, flags over all", async () => {
    write('conf/storm.yaml', 'nimbus.thrift.port: 1');
    assert.equal((await load([])).port, 1);
    write('home/.storm/storm.yaml', 'nimbus.thrift.port: 2\nnimbus.seeds: [a, b]');
    assert.deepEqual((({ port, seeds }) => ({ port, seeds }))(await load([])), {
      port: 2,
      seeds: ['a', 'b'],
    });
    write('x.yaml', 'nimbus.thrift.port: 3');
    assert.equal((await load([], join(dir, 'x.yaml'))).port, 3);
    assert.equal((await load(['nimbus.thrift.port=4'], join(dir, 'x.yaml'))).port, 4);
  });

  it("takes a gateway's port 0 for none", async () => {
    const config = await load(['nimbus.thrift.port=0', 'egret.dlog.port=0']);
    assert.deepEqual([config.port, config.dlogPort], [undefined, undefined]);
    assert.equal((await config.defaults()).port, 6627);
  });

  it('names the key it cannot use', async () => {
    await assert.rejects(
      load(['nimbus.thrift.port=high']),
      /nimbus\.thrift\.port: expected a port .* got "high"/,
    );
    await assert.rejects(load(['nimbus.seeds=localhost']), /nimbus\.seeds: expected a list/);
  });
});
