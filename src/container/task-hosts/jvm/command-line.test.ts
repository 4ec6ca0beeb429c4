import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../../base/index.ts';
import type { ContainerSpec } from '../../../records/index.ts';
import type { Component, PlannedTask } from '../../../topology/index.ts';
import { TopologyIndex } from '../../../topology/index.ts';
import { childOptions } from './child-options.ts';
import { javaArguments, workerEnvironment } from './command-line.ts';
import { workerMemory } from './memory.ts';
import { readHostMessage } from './messages.ts';

const values = { topologyId: 'wc-1-1', workerId: 'wc-1-1-6700', slotPort: 6700, heapMb: 512, offHeapMb: 64 };

describe('child options of a JVM', () => {
  it('come in the order in which a topology overrides its cluster, with their values filled in', () => {
    const conf = {
      'worker.childopts': '-Xmx%HEAP-MEM%m  -Dlimit=%LIMIT-MEM%',
      'topology.worker.childopts': ['-Dport=%ID%', '', '-Dname=a b'],
      'worker.gc.childopts': '-XX:+UseSerialGC',
      'topology.worker.gc.childopts': null,
    };
    assert.deepEqual(childOptions(conf, values), [
      '-Xmx512m',
      '-Dlimit=576',
      '-Dport=6700',
      '-Dname=a b',
      '-XX:+UseSerialGC',
    ]);
  });

  it('take the garbage collector of the topology instead of that of the cluster', () => {
    const conf = { 'worker.gc.childopts': '-XX:+UseSerialGC', 'topology.worker.gc.childopts': '-XX:+UseZGC' };
    assert.deepEqual(childOptions(conf, values), ['-XX:+UseZGC']);
  });

  it('fill in what Storm has a name for', () => {
    const all = '%ID% %WORKER-ID% %TOPOLOGY-ID% %WORKER-PORT% %HEAP-MEM% %OFF-HEAP-MEM% %LIMIT-MEM% %OTHER%';
    assert.deepEqual(childOptions({ 'worker.childopts': all }, values), [
      ...['6700', 'wc-1-1-6700', 'wc-1-1', '6700', '512', '64', '576', '%OTHER%'],
    ]);
  });

  it('are refused by their key when they are no text', () => {
    assert.throws(
      () => childOptions({ 'topology.worker.childopts': [1] }, values),
      /topology\.worker\.childopts is \[1\], expected a text or a list of texts/,
    );
  });
});

describe('memory of a worker', () => {
  const task = (taskId: number, componentId: string, first = taskId): PlannedTask => ({
    taskId,
    componentId,
    executor: [first, taskId],
    containerId: 1,
    host: 'jvm',
  });
  const topology = new TopologyIndex({
    components: [
      component('big', { 'topology.component.resources.onheap.memory.mb': 256.5 }),
      component('small', {}),
    ],
  });

  it('is the sum of what its executors ask for, each counted once', () => {
    const conf = {
      'topology.component.resources.onheap.memory.mb': 128,
      'topology.component.resources.offheap.memory.mb': 10,
      'topology.acker.resources.onheap.memory.mb': 64,
    };
    const tasks = [task(1, '__acker'), task(2, 'big'), task(3, 'small'), task(4, 'small', 3)];
    // 64 + 256.5 + 128, and 10 for each of three executors
    assert.deepEqual(workerMemory(conf, topology, tasks), { heapMb: 449, offHeapMb: 30 });
  });

  it('is the fixed one when they ask for nothing', () => {
    const conf = { 'topology.component.resources.onheap.memory.mb': 0, 'worker.heap.memory.mb': 700 };
    assert.deepEqual(workerMemory(conf, topology, [task(3, 'small')]), { heapMb: 700, offHeapMb: 0 });
  });
});

describe('command line of a worker', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egret-command-'));
    mkdirSync(join(directory, 'lib'));
    for (const name of ['lib/b.jar', 'lib/a.jar', 'lib/readme', 'stormjar.jar', 'dep-y.jar', 'dep-x.jar']) {
      writeFileSync(join(directory, name), '');
    }
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  function spec(): ContainerSpec {
    return {
      ...{ topologyId: 'wc-1-1', topologyName: 'wc', containerId: 1, incarnation: '1' },
      plan: { topologyId: 'wc-1-1', version: 1, codeVersion: 0, containers: [], tasks: [] },
      codeDir: directory,
      workDir: directory,
      logDir: '/local/workers-artifacts/wc-1-1/6700',
      stormLocalDir: '/local',
      ...{ redisUrl: '', redisKeyPrefix: '' },
      jvm: { java: 'java', classPath: [join(directory, 'host.jar'), join(directory, 'lib', '*')] },
    };
  }

  const args = (conf: JsonObject): string[] =>
    javaArguments({
      ...{ spec: spec(), conf, values, workerDir: '/local/workers/w', socketName: 'jvm.sock' },
      containerPid: 4711,
    });
  const classPath = (conf: JsonObject): string[] => {
    const all = args(conf);
    return all[all.indexOf('-cp') + 1]!.split(':').map((path) => path.replace(`${directory}/`, ''));
  };

  it('has Storm before the topology, and its dependencies behind it', () => {
    assert.deepEqual(classPath({ 'topology.classpath': ['/x', '/y'] }), [
      ...['host.jar', 'lib/a.jar', 'lib/b.jar', 'stormjar.jar', 'dep-x.jar', 'dep-y.jar', '/x', '/y'],
    ]);
  });

  it('lets a topology put something first only where the cluster allows it', () => {
    const conf = { 'topology.classpath.beginning': '/first' };
    assert.equal(classPath(conf)[0], 'host.jar');
    assert.equal(classPath({ ...conf, 'storm.topology.classpath.beginning.enabled': true })[0], '/first');
  });

  it('puts the options of the user behind our own, so that they win', () => {
    const all = args({ 'topology.worker.childopts': '-Dlogfile.name=other.log' });
    assert.ok(all.indexOf('-Dlogfile.name=worker.log') < all.indexOf('-Dlogfile.name=other.log'));
    assert.ok(all.includes('-Dworkers.artifacts=/local/workers-artifacts'));
    assert.deepEqual(all.slice(-3), ['egret.host.Main', 'jvm.sock', '4711']);
  });

  it('uses the archive of classes that lies beside the host jar', () => {
    const archive = `-XX:SharedArchiveFile=${join(directory, 'host.jsa')}`;
    assert.ok(!args({}).includes(archive));
    writeFileSync(join(directory, 'host.jsa'), '');
    assert.ok(args({}).includes(archive));
  });

  it('gives a worker the environment that its topology asks for', () => {
    const conf = { 'java.library.path': '/usr/lib', 'topology.environment': { A: 'b', N: 1, GONE: null } };
    const environment = workerEnvironment(spec(), conf);
    assert.deepEqual({ ...environment, LD_LIBRARY_PATH: '' }, { A: 'b', N: '1', LD_LIBRARY_PATH: '' });
    assert.match(environment['LD_LIBRARY_PATH']!, /resources\/Linux-\w+:.*resources:\/usr\/lib$/);
  });
});

describe('messages of a JVM', () => {
  it('are refused when they are not what protocol.ts says', () => {
    const record = { error: 'e', timeSecs: 1, host: 'h', port: 1 };
    assert.equal(readHostMessage({ type: 'error', componentId: 'c', record }).type, 'error');
    for (const message of [
      {},
      { type: 'unknown' },
      { type: 'hello', protocol: '1', pid: 1 },
      { type: 'error', componentId: 'c', record: { ...record, port: '1' } },
      { type: 'loads', loads: [[1]] },
      { type: 'pressure', reporter: 'r', tasks: [1.5] },
    ]) {
      assert.throws(() => readHostMessage(message), { code: 'PROTOCOL_VIOLATION' }, JSON.stringify(message));
    }
  });
});

function component(id: string, conf: JsonObject): Component {
  return {
    ...{ id, kind: 'bolt', implementation: { kind: 'serialized_java' }, inputs: [], streams: {} },
    ...{ parallelismHint: 1, conf },
  };
}
