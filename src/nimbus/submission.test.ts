import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { JsonObject } from '../base/index.ts';
import { type DeclaredException, decode, StormTopology } from '../rpc/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import {
  makeJar,
  type NimbusFixture,
  openNimbusFixture,
  type SubmitInput,
  shellTopology,
  upload,
} from '../testing/nimbus-fixture.ts';
import { recordingLog } from '../testing/recording-log.ts';

/** An object of class x.Y, whose superclass is a reference to x.Y itself. */
const ownSuperclass = Buffer.from(
  'aced00057372' + '0003782e59' + '0000000000000000' + '02000078' + '71007e0000',
  'hex',
);

describe('a submission', () => {
  let nimbus: NimbusFixture;
  let clock: ManualClock;
  beforeEach(async () => {
    clock = new ManualClock(1_700_000_000_000);
    nimbus = await openNimbusFixture(clock, [
      'nimbus.slots.perTopology=3',
      'nimbus.executors.perTopology=50',
    ]);
  });
  afterEach(() => nimbus[Symbol.asyncDispose]());

  const read = (id: string, file: string): Buffer =>
    readFileSync(join(nimbus.localDir, 'supervisor', 'stormdist', id, file));
  const readJson = (id: string, file: string): JsonObject =>
    JSON.parse(read(id, file).toString()) as JsonObject;
  const stormConf = (id: string): JsonObject =>
    JSON.parse(gunzipSync(read(id, 'stormconf.ser')).toString()) as JsonObject;

  it('may set a key under its former name, in the topology or in a component, and one warning names the new one', async () => {
    const log = recordingLog();
    await using other = await openNimbusFixture(clock, ['egret.shell.queue.high.bytes=7'], log);
    const topology = shellTopology({
      bolt: { json_conf: '{"egret.shell.queue.bytes.high":50,"egret.shell.queue.tuples.low":1}' },
      spout: { json_conf: '{"egret.shell.queue.tuples.low":2}' },
    });
    await other.submit({ name: 'words', topology, conf: { 'egret.shell.queue.bytes.high': 60.5 } });
    const warned = log.lines.filter(({ event }) => event === 'config.key-deprecated');
    assert.deepEqual(
      warned.map(({ topology: id, key, successor }) => [id, key, successor]),
      [
        ['words-1-1700000000', 'egret.shell.queue.bytes.high', 'egret.shell.queue.high.bytes'],
        ['words-1-1700000000', 'egret.shell.queue.tuples.low', 'egret.shell.queue.low.tuples'],
      ],
    );
    const dir = join(other.localDir, 'supervisor', 'stormdist', 'words-1-1700000000');
    const conf = readFileSync(join(dir, 'conf.json'), 'utf8');
    assert.equal((JSON.parse(conf) as JsonObject)['egret.shell.queue.high.bytes'], 60.5);
    for (const file of ['conf.json', 'topology.json']) {
      assert.doesNotMatch(readFileSync(join(dir, file), 'utf8'), /queue\.(?:bytes|tuples)\./, file);
    }
  });

  it('gets an id of name, counter and time, and a record with what was asked', async () => {
    assert.equal(await nimbus.submit({ name: 'words' }), 'words-1-1700000000');
    const id = await nimbus.submit({
      name: 'more',
      initialStatus: 'INACTIVE',
      conf: { 'topology.workers': 2 },
    });
    assert.equal(id, 'more-2-1700000000');
    assert.deepEqual((await nimbus.store.read(`topologies/${id}`))?.value, {
      id,
      name: 'more',
      status: 'INACTIVE',
      owner: 'tester',
      launchedAtSecs: 1_700_000_000,
      workers: 2,
    });
  });

  it('leaves a whole code directory and an empty inbox', async () => {
    const id = await nimbus.submit({ name: 'words' });
    const dir = `supervisor/stormdist/${id}`;
    assert.deepEqual(
      nimbus.files(),
      [
        'conf.json',
        'package.json',
        'resources/split.py',
        'stormcode.ser',
        'stormconf.ser',
        'stormjar.jar',
        'topology.json',
      ].map((file) => `${dir}/${file}`),
    );
  });

  it('keeps the topology as submitted, with the number of tasks in each configuration', async () => {
    const topology = shellTopology({
      spout: { json_conf: '{"topology.tasks":4,"big":9007199254740993,"x":NaN}' },
    });
    const id = await nimbus.submit({ name: 'words', topology });
    const kept = decode(StormTopology, gunzipSync(read(id, 'stormcode.ser')));
    assert.equal(
      kept.spouts.get('words')?.common.json_conf,
      '{"topology.tasks":4,"big":9007199254740993,"x":NaN}',
    );
    assert.equal(kept.bolts.get('count')?.common.json_conf, '{"topology.tasks":2}');
    assert.deepEqual(kept.bolts.get('count')?.common.inputs, topology.bolts.get('count')?.common.inputs);
    assert.deepEqual(await nimbus.client.call.getUserTopology({ id }), kept);
  });

  it('normalizes the configuration as Storm does', async () => {
    const id = await nimbus.submit({
      name: 'words',
      conf: {
        'topology.kryo.register': ['a.B', { 'c.D': 'e.F' }],
        'topology.kryo.decorators': ['d1'],
        'storm.local.hostname': 'elsewhere',
        'storm.workers.artifacts.dir': '/elsewhere',
        'storm.zookeeper.topology.auth.scheme': 'digest',
        'storm.zookeeper.topology.auth.payload': 'secret',
        'topology.users': ['ann'],
        'topology.worker.timeout.secs': 10_000,
        mine: [1, 2],
      },
      topology: shellTopology({
        bolt: { json_conf: '{"topology.kryo.register":["g.H"],"topology.kryo.decorators":["d2","d1"]}' },
      }),
    });
    const conf = stormConf(id);
    assert.deepEqual(conf['topology.kryo.register'], { 'g.H': null, 'a.B': null, 'c.D': 'e.F' });
    assert.deepEqual(conf['topology.kryo.decorators'], ['d2', 'd1']);
    assert.equal(conf['storm.id'], id);
    assert.equal(conf['topology.name'], 'words');
    assert.deepEqual(conf['topology.users'], ['ann', 'tester']);
    assert.equal(conf['topology.worker.timeout.secs'], 600);
    assert.deepEqual(conf['mine'], [1, 2]);
    assert.equal(conf['topology.acker.executors'], null);
    for (const key of [
      'storm.local.hostname',
      'storm.workers.artifacts.dir',
      'storm.zookeeper.topology.auth.payload',
    ]) {
      assert(!(key in conf), key);
    }
    assert.equal(
      await nimbus.client.call.getTopologyConf({ id }),
      gunzipSync(read(id, 'stormconf.ser')).toString(),
    );
  });

  it('gives containers the whole configuration and the system topology', async () => {
    const id = await nimbus.submit({ name: 'words', conf: { 'topology.message.timeout.secs': 7 } });
    const conf = readJson(id, 'conf.json');
    assert.equal(conf['topology.message.timeout.secs'], 7);
    assert.deepEqual(conf['supervisor.slots.ports'], [6700, 6701, 6702, 6703]);
    const { components } = readJson(id, 'topology.json') as { components: { id: string }[] };
    assert.deepEqual(components.map((component) => component.id).sort(), [
      '__acker',
      '__system',
      'count',
      'words',
    ]);
  });

  it('unpacks resources, keeping what may be executed executable', async () => {
    const jar = makeJar({
      'resources/run': { text: '#!/bin/sh', mode: 0o100_755 },
      'resources/deep/er/data.txt': 'x',
      'other/file': 'y',
    });
    const id = await nimbus.submit({ name: 'words', jar });
    const dir = join(nimbus.localDir, 'supervisor/stormdist', id);
    assert.equal(statSync(join(dir, 'resources/run')).mode & 0o777, 0o755);
    assert.equal(statSync(join(dir, 'resources/deep/er/data.txt')).mode & 0o111, 0);
    assert(!nimbus.files().some((file) => file.includes('other')));
  });

  it('lets CommonJS scripts run in a directory that lies in a package of modules', async () => {
    writeFileSync(join(nimbus.localDir, 'package.json'), '{"type":"module"}');
    const jar = makeJar({ 'resources/split.js': 'console.log(require("node:path").sep)' });
    const id = await nimbus.submit({ name: 'words', jar });
    const script = join(nimbus.localDir, 'supervisor/stormdist', id, 'resources/split.js');
    assert.equal(execFileSync(process.execPath, [script], { encoding: 'utf8' }), '/\n');
  });

  const refusals: Record<string, { request: Partial<SubmitInput>; because: RegExp }> = {
    'a name that is no name': {
      request: { name: 'a/b' },
      because: /InvalidTopologyException\(msg:Topology name 'a\/b' is not valid/,
    },
    'an empty name': { request: { name: '' }, because: /InvalidTopologyException/ },
    'a name too long for a directory': { request: { name: 'x'.repeat(201) }, because: /200 bytes/ },
    'a configuration that is no JSON': {
      request: { conf: '{' },
      because: /InvalidTopologyException\(msg:the configuration of topology t is not JSON/,
    },
    'a configuration that is no object': {
      request: { conf: '[]' },
      because: /must be a JSON object, got a list/,
    },
    'a value of the wrong type': {
      request: { conf: { 'topology.workers': 'two' } },
      because:
        /InvalidTopologyException\(msg:topology t: topology\.workers must be an integer of 32 bits, got "two"/,
    },
    'a key of Egret that no container can use': {
      request: { conf: { 'egret.heartbeat.secs': -1 } },
      because:
        /InvalidTopologyException\(msg:topology t: egret\.heartbeat\.secs must be a number from 0\.1 to 2147483, got -1/,
    },
    'a key of Egret in a component': {
      request: { topology: shellTopology({ bolt: { json_conf: '{"egret.shell.queue.high.bytes":"x"}' } }) },
      because:
        /InvalidTopologyException\(msg:.*component "count": egret\.shell\.queue\.high\.bytes must be a number of at least 0, got "x"/,
    },
    'an environment that no process can have': {
      request: { conf: { 'topology.environment': { 'A\0': 'b' } } },
      because: /InvalidTopologyException\(msg:topology t: topology\.environment must have names without/,
    },
    'a configuration that is nested too deeply': {
      request: { conf: `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}` },
      because:
        /InvalidTopologyException\(msg:the configuration of topology t is nested deeper than 1000 levels/,
    },
    'a Java grouping that is its own superclass, before a durable stream': {
      request: {
        conf: { 'topology.egret.durable.streams': ['words'] },
        topology: shellTopology({
          bolt: {
            inputs: [
              [
                { componentId: 'words', streamId: 'default' },
                { kind: 'custom_serialized', value: ownSuperclass },
              ],
            ],
          },
        }),
      },
      because: /InvalidTopologyException\(msg:stream default of component words: component count takes it by/,
    },
    'a component configuration that is no JSON': {
      request: { topology: shellTopology({ bolt: { json_conf: 'x y' } }) },
      because: /InvalidTopologyException\(msg:the configuration \(json_conf\) of component "count"/,
    },
    'a stream that is not there': {
      request: {
        topology: shellTopology({
          bolt: {
            inputs: [
              [
                { componentId: 'words', streamId: 'nope' },
                { kind: 'shuffle', value: {} },
              ],
            ],
          },
        }),
      },
      because: /InvalidTopologyException\(msg:.*count.*nope/,
    },
    'a field that is not there': {
      request: {
        topology: shellTopology({
          bolt: {
            inputs: [
              [
                { componentId: 'words', streamId: 'default' },
                { kind: 'fields', value: ['wort'] },
              ],
            ],
          },
        }),
      },
      because: /InvalidTopologyException\(msg:.*wort/,
    },
    'an id of the system': {
      request: {
        topology: { ...shellTopology(), bolts: new Map([['__mine', shellTopology().bolts.get('count')!]]) },
      },
      because: /InvalidTopologyException\(msg:.*__mine/,
    },
    'no spout': {
      request: { topology: { ...shellTopology(), spouts: new Map(), bolts: new Map() } },
      because: /InvalidTopologyException/,
    },
    'more workers than allowed': {
      request: { conf: { 'topology.workers': 4 } },
      because: /more than 3 workers \(nimbus\.slots\.perTopology\): 4/,
    },
    'more executors than allowed': {
      request: { topology: shellTopology({ bolt: { parallelism_hint: 50 } }) },
      because: /more than 50 executors \(nimbus\.executors\.perTopology\): 51/,
    },
    'more tasks than there can be': {
      request: { topology: shellTopology({ bolt: { json_conf: '{"topology.tasks":2147483647}' } }) },
      because: /more than 32767 tasks/,
    },
    'more ackers than there can be': {
      request: { conf: { 'topology.acker.executors': 2_000_000_000 } },
      because: /more than 32767 tasks/,
    },
    'a jar that is no jar': {
      request: { jar: Buffer.from('this is no zip file at all, whatever its name') },
      because: /InvalidTopologyException\(msg:.*stormjar-.*\.jar is not a usable jar/,
    },
    'an empty jar': { request: { jar: new Uint8Array() }, because: /is not a usable jar/ },
    'half a jar': {
      request: { jar: makeJar({ 'resources/a': 'b'.repeat(1000) }).subarray(0, 60) },
      because: /is not a usable jar/,
    },
    'a path that leads out of the jar': {
      request: { jar: makeJar({ 'resources/../../evil': 'x' }) },
      because: /entry resources\/\.\.\/\.\.\/evil leads out of the jar/,
    },
    'a symbolic link': {
      request: { jar: makeJar({ 'resources/link': { text: '/etc/passwd', mode: 0o120_777 } }) },
      because: /entry resources\/link is a symbolic link/,
    },
    'a file where a directory is': {
      request: { jar: makeJar({ 'resources/a': 'x', 'resources/a/b': 'y' }) },
      because: /is not a usable jar/,
    },
    'a command that no process can be started with': {
      request: {
        topology: shellTopology(
          {},
          { kind: 'shell', value: { execution_command: 'python3\0', script: 'a.py' } },
        ),
      },
      because:
        /InvalidTopologyException\(msg:component "count": its execution_command contains the character NUL/,
    },
    'a script that no process can be started with': {
      request: {
        topology: shellTopology(
          {},
          { kind: 'shell', value: { execution_command: 'python3', script: 'a\0.py' } },
        ),
      },
      because: /InvalidTopologyException\(msg:component "count": its script contains the character NUL/,
    },
    'jars in a blob store': {
      request: { topology: { ...shellTopology(), dependency_jars: ['dep-x.jar'] } },
      because: /dependency dep-x\.jar is in a blob store, which is not available yet/,
    },
  };
  for (const [what, { request, because }] of Object.entries(refusals)) {
    it(`is refused for ${what}, and leaves nothing behind`, async () => {
      await assert.rejects(nimbus.submit({ name: 't', ...request }), because);
      assert.deepEqual(nimbus.files(), []);
      assert.deepEqual(await nimbus.records(), []);
    });
  }

  it('is refused when its resources are too many', async () => {
    await using small = await openNimbusFixture(clock, [
      'egret.resources.max.bytes=10',
      'egret.resources.max.files=2',
    ]);
    await assert.rejects(
      small.submit({ name: 't', jar: makeJar({ 'resources/a': 'x'.repeat(11) }) }),
      /more than 10 bytes/,
    );
    await assert.rejects(
      small.submit({ name: 't', jar: makeJar({ 'resources/a': '', 'resources/b': '', 'resources/c': '' }) }),
      /more than 2 resources/,
    );
    assert.deepEqual(small.files(), []);
  });

  it('is refused when its Java classes are of another Storm', async () => {
    const java = {
      ...shellTopology(),
      storm_version: '1.2.2',
      spouts: new Map([
        [
          'words',
          {
            ...shellTopology().spouts.get('words')!,
            spout_object: { kind: 'serialized_java', value: Buffer.from('x') } as const,
          },
        ],
      ]),
    };
    await assert.rejects(
      nimbus.submit({ name: 't', topology: java }),
      /storm version 1\.2\.2 but could not find/,
    );
    await nimbus.submit({ name: 't', topology: { ...java, storm_version: '2.6.0' } });
    await nimbus.submit({ name: 'shell', topology: { ...shellTopology(), storm_version: '1.2.2' } });
  });

  it("is refused while its name is alive, with Storm's words, and does not touch the one that is", async () => {
    const id = await nimbus.submit({ name: 'words' });
    const before = nimbus.files();
    await assert.rejects(nimbus.submit({ name: 'words' }), (error: DeclaredException) => {
      assert.equal(error.exceptionName, 'AlreadyAliveException');
      assert.equal(error.msg, 'words is already alive');
      return true;
    });
    assert.deepEqual(nimbus.files(), before);
    assert.equal(await nimbus.client.call.isTopologyNameAllowed({ name: 'words' }), false);
    assert.equal(await nimbus.client.call.isTopologyNameAllowed({ name: 'a:b' }), false);
    assert.equal(await nimbus.client.call.isTopologyNameAllowed({ name: 'other' }), true);
    assert.equal((await nimbus.client.call.getTopologySummaryByName({ name: 'words' })).id, id);
  });

  it('claims its name once, even among simultaneous submissions', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => nimbus.submit({ name: 'words' })),
    );
    const lost = results.filter((result) => result.status === 'rejected');
    assert.equal(lost.length, 7);
    for (const { reason } of lost) assert.match(String(reason), /words is already alive/);
    assert.equal(nimbus.files().length, 7);
  });

  it('is refused without its upload, naming the location', async () => {
    const location = await upload(nimbus.client, makeJar({}));
    const submit = (uploadedJarLocation: string) =>
      nimbus.client.call.submitTopology({
        name: 't',
        uploadedJarLocation,
        jsonConf: '{}',
        topology: shellTopology(),
      });
    await assert.rejects(submit('/etc/passwd'), /there is no open or finished upload at \/etc\/passwd/);
    await assert.rejects(submit(''), /no open or finished upload/);
    await submit(location);
  });

  it('leaves nothing when the state store goes away under it', async () => {
    const location = await upload(nimbus.client, makeJar({ 'resources/a': 'x' }));
    nimbus.store.setAway(true);
    await assert.rejects(
      nimbus.client.call.submitTopology({
        name: 't',
        uploadedJarLocation: location,
        jsonConf: '{}',
        topology: shellTopology(),
      }),
      /state store/,
    );
    nimbus.store.setAway(false);
    assert.deepEqual(nimbus.files(), []);
  });
});
