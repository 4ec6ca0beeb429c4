import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { JvmContainers, type JvmContainersOptions } from '../../../testing/jvm-containers.ts';
import { writeShellChild } from '../../../testing/shell-child.ts';
import { DataFrameWriter, java } from '../../../tuple/index.ts';
import type { TaskHost } from '../../links/index.ts';

const orphanProgram = new URL('../../../testing/jvm-orphan.ts', import.meta.url).pathname;

describe('JvmHost', function () {
  this.timeout(90_000);
  let containers: JvmContainers;

  async function open(kind: string, options: Partial<JvmContainersOptions> = {}): Promise<JvmContainers> {
    containers = new JvmContainers({ kind, place: () => 1, ...options });
    return Promise.resolve(containers);
  }

  async function run(kind: string, options: Partial<JvmContainersOptions> = {}): Promise<JvmContainers> {
    await open(kind, options);
    await containers.start();
    containers.plan();
    await containers.started();
    return containers;
  }

  afterEach(async () => {
    await containers.close();
  });

  describe('between two JVMs', () => {
    const place: JvmContainersOptions['place'] = ({ taskId }) => 1 + (taskId % 2);

    /** Storm's own reading of messages is used where it is to measure them, ours elsewhere. */
    const readers = [
      { reader: 'by our reader', tuples: 5000, measured: false },
      { reader: "by Storm's reader", tuples: 500, measured: true },
    ];
    for (const { reader, tuples, measured } of readers) {
      it(`carries every tuple of an acked topology exactly once, ${reader}`, async () => {
        const conf = {
          'test.tuples': tuples,
          'topology.acker.executors': 2,
          'topology.max.spout.pending': 500,
          'topology.workers': 2,
          'topology.serialized.message.size.metrics': measured,
        };
        await run('acked', { conf, place });
        const spouts = await containers.until('both spouts to be done', () => {
          const done = [...containers.results()].filter(([name]) => name.startsWith('words-'));
          return done.length === 2 ? done.map(([, result]) => result) : undefined;
        });
        for (const spout of spouts) assert.deepEqual(spout, { emitted: tuples, acked: tuples, failed: 0 });
        await Promise.all([...containers.hosts.values()].map((host) => host.stop(5000)));
        const results = containers.results();
        assert.equal(sumOf(results, 'words'), 2 * tuples);
        // Each of ten extras went out equally often, and arrived as what it was.
        assert.equal(Object.keys(sums(results, 'classes')).length, 10);
        assert.equal(sums(results, 'classes')['java.time.DayOfWeek'], (2 * tuples) / 10);
        assert.deepEqual(results.get('unwrap-7'), { tuples: 2 * tuples, words: 2 * tuples });
        assert.ok(containers.routedTuples > 2 * tuples);
      });
    }

    it('slows a spout down by the pressure of a bolt, and later releases it', async () => {
      const conf = {
        'topology.acker.executors': 0,
        'topology.executor.receive.buffer.size': 512,
        'egret.jvm.queue.high.bytes': 64 << 20, // so that only the worker itself has reason to complain
      };
      await run('fast', { conf, place: ({ componentId }) => (componentId === 'null' ? 2 : 1) });
      const reports = await containers.until('pressure to rise and fall', () => {
        const pressure = containers.reported(2, 'pressure');
        return pressure.some((each) => each.tasks.length > 0) && pressure.at(-1)!.tasks.length === 0
          ? pressure
          : undefined;
      });
      assert.deepEqual([...new Set(reports.flatMap((report) => report.tasks))], [2]);
    });
  });

  it('reports heartbeats, loads and totals that name components and inputs', async () => {
    await run('fast', {
      conf: { 'test.acked': true, 'topology.acker.executors': 1, 'egret.jvm.stats.secs': 1 },
    });
    const totals = await containers.until('statistics with executed tuples', () => {
      const stats = containers.reported(1, 'stats').at(-1)?.totals ?? [];
      const bolt = stats.find((each) => each.componentId === 'null');
      return bolt !== undefined && Object.keys(bolt.executed).length > 0 ? stats : undefined;
    });
    assert.deepEqual(containers.reported(1, 'stats').at(-1)?.executors, []);
    assert.deepEqual(totals.map((each) => each.componentId).sort(), ['__acker', 'constant', 'null']);
    const bolt = totals.find((each) => each.componentId === 'null')!;
    assert.deepEqual([bolt.executor, bolt.kind], [[3, 3], 'bolt']);
    assert.deepEqual(Object.keys(bolt.executed), ['constant\0default']);
    await containers.until('a heartbeat', () => containers.reported(1, 'heartbeat')[0]);
  });

  it('counts every tuple of every executor exactly, acked and failed, from the first one on', async () => {
    const tuples = 777;
    await run('acked', {
      conf: { 'test.tuples': tuples, 'topology.acker.executors': 1, 'egret.jvm.stats.secs': 1 },
    });
    const all = await containers.until('all trees to be counted', () => {
      // Executors are read one after the other: only when nothing moves any more do their counts fit
      // together.
      const [before, totals = []] = containers
        .reported(1, 'stats')
        .slice(-2)
        .map((each) => each.totals);
      if (JSON.stringify(before) !== JSON.stringify(totals)) return undefined;
      const acked = totals.filter((each) => each.kind === 'spout').map((each) => sumOfCounts(each.acked));
      return acked.length > 0 && acked.every((count) => count >= tuples) ? totals : undefined;
    });
    const counted = (
      componentId: string,
      part: 'emitted' | 'transferred' | 'acked' | 'failed' | 'executed',
      row: string,
    ): number =>
      all
        .filter((each) => each.componentId === componentId)
        .reduce((sum, each) => sum + (each[part][row] ?? 0), 0);
    assert.deepEqual(
      [
        counted('words', 'emitted', 'default'),
        counted('words', 'transferred', 'default'),
        counted('words', 'emitted', '__ack_init'),
        counted('words', 'acked', 'default'),
        counted('count', 'executed', 'words\0default'),
        counted('count', 'acked', 'words\0default'),
        counted('count', 'emitted', '__ack_ack'),
        counted('__acker', 'executed', 'words\0__ack_init'),
        counted('words', 'failed', 'default'),
      ],
      [2, 4, 2, 2, 2, 2, 2, 2, 0].map((times) => times * tuples),
    );
    const spout = all.find((each) => each.componentId === 'words')!;
    const [, measured] = spout.latencyMs['default']!;
    // Latencies are those that Storm samples: one in twenty.
    assert.equal(Math.round((measured * 20) / tuples), 1);
    assert.equal(
      spout.latencyBuckets.reduce((sum, count, at) => (at % 2 === 0 ? sum : sum + count), 0),
      measured,
    );
  });

  it('counts from the first tuple on where one component takes longer to load than another to begin', async () => {
    const tuples = 50;
    // Storm logs the whole configuration between the beginning of its executors and the end of its own start.
    const conf = { 'test.tuples': tuples, 'egret.jvm.stats.secs': 1, 'test.long': 'x'.repeat(20_000_000) };
    await run('slowToLoad', { conf });
    const bolts = await containers.until('every tuple to be acked', () => {
      const totals = containers.reported(1, 'stats').at(-1)?.totals ?? [];
      const acked = totals.filter((each) => each.kind === 'bolt' && each.componentId !== '__acker');
      const [known] = totals.filter((each) => each.componentId === 'opened');
      return sumOfCounts(known?.acked ?? {}) >= 2 ? acked : undefined;
    });
    assert.equal(
      bolts.reduce((sum, each) => sum + sumOfCounts(each.executed), 0),
      2 * tuples,
    );
  });

  it('tells the trees of each stream of a spout, acked and failed', async () => {
    const tuples = 500;
    await run('twoStreams', {
      conf: { 'test.tuples': tuples, 'topology.acker.executors': 1, 'egret.jvm.stats.secs': 1 },
    });
    const spout = await containers.until('the ends of all trees', () => {
      const totals = containers.reported(1, 'stats').at(-1)?.totals ?? [];
      const found = totals.find((each) => each.componentId === 'forked');
      const ends = found === undefined ? 0 : sumOfCounts(found.acked) + sumOfCounts(found.failed);
      return ends >= 1.5 * tuples ? found : undefined;
    });
    assert.deepEqual(
      [spout.acked, spout.failed],
      [
        { good: tuples, bad: 0 },
        { good: 0, bad: tuples / 2 },
      ],
    );
  });

  it('gives heartbeats for a worker that it does not read, and hears it again afterwards', async () => {
    await run('fast', { conf: { 'topology.acker.executors': 0, 'egret.jvm.stats.secs': 1 } });
    const host = containers.hosts.get(1)!;
    host.pause();
    const { messages } = containers.records.get(1)!;
    const before = messages.length;
    await containers.until('heartbeats', () => (messages.length >= before + 3 ? true : undefined));
    assert.deepEqual([...new Set(messages.slice(before).map((message) => message.type))], ['heartbeat']);
    host.resume();
    await containers.until('statistics', () =>
      messages.slice(before).find((message) => message.type === 'stats'),
    );
  });

  it('closes and cleans up its components when it stops, and leaves nothing', async () => {
    await run('acked', { conf: { 'test.tuples': 10, 'topology.acker.executors': 1 } });
    const host = containers.hosts.get(1)!;
    await containers.until('all tuples', () => containers.results().get('words-7'));
    await host.stop(5000);
    assert.equal(containers.results().get('words-7')?.['closed'], true);
    assert.ok(containers.results().has('count-2'));
    assert.equal(containers.records.get(1)!.exit, undefined);
    assert.equal(host.pid, undefined);
    assert.deepEqual(readdirSync(join(containers.directory, 'local', 'workers')), []);
    await host.stop(5000);
  });

  it('reports pressure on all its tasks while frames wait for its worker', async () => {
    await open('fast', { conf: { 'topology.acker.executors': 0, 'egret.jvm.queue.high.bytes': 2048 } });
    const host = await containers.startHost(1);
    const pressure = (): readonly (readonly number[])[] =>
      containers.reported(1, 'pressure').map((report) => report.tasks);
    const writer = writerTo(host, 2);
    for (let i = 0; i < 100; i++) {
      writer.beginTuple(0);
      writer.values.writeAll(['x'.repeat(100), java.long(BigInt(i))]);
      writer.endTuple();
    }
    writer.flush();
    host.flush();
    assert.deepEqual(pressure(), [[1, 2]]);
    containers.plan('INACTIVE');
    await containers.until('the pressure to fall', () => (pressure().length === 2 ? true : undefined));
    assert.deepEqual(pressure()[1], []);
  });

  it('is under pressure while its JVM is stopped, and loses nothing once the JVM resumes', async () => {
    await run('fast', { conf: { 'topology.acker.executors': 0, 'egret.jvm.queue.high.bytes': 200_000 } });
    // A worker that has all tasks never lifts the pressure on a queue that its own spout fills (Worker 2.8).
    containers.plan('INACTIVE');
    const log = join(containers.logDir(1), 'worker.log');
    await containers.until('an idle spout', () =>
      readFileSync(log, 'utf8').includes('Deactivating spout') ? true : undefined,
    );
    const host = containers.hosts.get(1)!;
    const pressure = (): readonly number[] => containers.reported(1, 'pressure').at(-1)?.tasks ?? [];
    process.kill(host.pid!, 'SIGSTOP');
    try {
      const writer = writerTo(host, 2);
      for (let i = 0; i < 20_000; i++) {
        writer.beginTuple(0);
        writer.values.writeAll(['x'.repeat(100), java.long(BigInt(i))]);
        writer.endTuple();
      }
      writer.flush();
      host.flush();
      await containers.until('pressure', () => (pressure().length > 0 ? true : undefined));
      assert.ok(host.queue.tuples > 1000);
    } finally {
      process.kill(host.pid!, 'SIGCONT');
    }
    await containers.until('calm', () =>
      pressure().length === 0 && host.queue.tuples === 0 ? true : undefined,
    );
    assert.equal(host.queue.droppedTuples, 0);
  });

  it('holds a component to its output rate, and others to none', async () => {
    const startedMs = performance.now();
    await run('fast', {
      conf: {
        'topology.acker.executors': 0,
        'egret.jvm.stats.secs': 1,
        'topology.egret.output.rate.tuples.per.sec': 200,
        'topology.component.output.bps': 1_000_000,
      },
    });
    const emitted = (): number => {
      const totals = containers.reported(1, 'stats').at(-1)?.totals ?? [];
      return totals.find((each) => each.componentId === 'constant')?.emitted['default'] ?? 0;
    };
    await containers.until('some output', () => (emitted() >= 500 ? true : undefined));
    const secs = (performance.now() - startedMs) / 1000;
    assert.ok(emitted() <= 200 * (secs + 1.5) + 40, `${emitted()} tuples in ${secs.toFixed(1)} s`);
  });

  it('drops what exceeds the bound of its queue, and counts it', async () => {
    await open('fast', { conf: { 'topology.acker.executors': 0, 'egret.jvm.queue.max.bytes': 65_536 } });
    const host = await containers.startHost(1);
    const writer = writerTo(host, 2);
    for (let i = 0; i < 3; i++) {
      writer.beginTuple(0);
      writer.values.writeAll(['x'.repeat(30_000), java.long(1n)]);
      writer.endTuple();
      writer.flush();
    }
    assert.equal(host.droppedTuples, 1);
  });

  it('stops and starts its spouts at once with the status of the plan', async () => {
    // Storm itself looks every so many seconds: here never.
    const conf = { 'topology.acker.executors': 0, 'task.refresh.poll.secs': 3600 };
    await open('fast', { conf });
    await containers.start();
    const log = join(containers.logDir(1), 'worker.log');
    const logged = (line: string, times: number): Promise<true> =>
      containers.until(line, () =>
        existsSync(log) && readFileSync(log, 'utf8').split(line).length > times ? true : undefined,
      );
    containers.plan('INACTIVE');
    await containers.started();
    assert.deepEqual(containers.results(), new Map());
    containers.plan('ACTIVE');
    await logged('Activating spout constant', 1);
    containers.plan('INACTIVE');
    await logged('Deactivating spout constant', 1);
    containers.plan('ACTIVE');
    await logged('Activating spout constant', 2);
  });

  it('tells the exception of a bolt that cannot be prepared before the JVM ends', async () => {
    await run('prepareThrows', { conf: { 'test.tuples': 1, 'topology.acker.executors': 0 } });
    const exit = await containers.until('the JVM to end', () => containers.records.get(1)!.exit);
    const errors = containers.reported(1, 'error');
    assert.equal(errors[0]?.componentId, 'broken');
    assert.match(errors[0].record.error, /IllegalStateException: no database here/);
    assert.equal(errors[0].record.port, 6701);
    assert.match(exit.reason, /the JVM of container 1 exited with code 1/);
  });

  it('tells the exception of a thread that a component made', async () => {
    await run('threadThrows', { conf: { 'topology.acker.executors': 0 } });
    const exit = await containers.until('the JVM to end', () => containers.records.get(1)!.exit);
    assert.match(exit.reason, /thread own-thread of the worker ended with .*lost the connection/);
    assert.equal(containers.reported(1, 'fatal').length, 1);
  });

  it('tells which component emits what cannot be sent', async () => {
    const place: JvmContainersOptions['place'] = ({ componentId }) => (componentId === 'sender' ? 1 : 2);
    await run('unsendable', { conf: { 'topology.acker.executors': 0 }, place });
    const error = await containers.until('an error', () => containers.reported(1, 'error')[0]);
    assert.equal(error.componentId, 'sender');
    assert.match(
      error.record.error,
      /class java\.lang\.Object of component sender .*topology\.kryo\.register/,
    );
  });

  for (const measured of [false, true]) {
    it(`leaves out a tuple that cannot be read and names its component, ${measured ? "by Storm's" : 'by our'} reader`, async () => {
      const key = 'topology.serialized.message.size.metrics';
      await run('fast', { conf: { 'topology.acker.executors': 0, [key]: measured } });
      const host = containers.hosts.get(1)!;
      const writer = writerTo(host, 2);
      writer.beginTuple(0);
      writer.addValues(Buffer.from([1, 0, 99]), 0, 3);
      writer.endTuple();
      writer.flush();
      host.flush();
      const error = await containers.until('an error', () => containers.reported(1, 'error')[0]);
      assert.equal(error.componentId, 'null');
      assert.match(error.record.error, /values, byte 3: unknown value tag 99/);
      assert.equal(containers.records.get(1)!.exit, undefined);
    });
  }

  it('ends a JVM that is sent what is no tuple, and says why', async () => {
    await run('fast', { conf: { 'topology.acker.executors': 0 } });
    const host = containers.hosts.get(1)!;
    const frame = Buffer.alloc(20);
    frame.writeUInt32LE(16, 0);
    frame.writeUInt32LE(2, 4);
    frame.writeUInt32LE(1 | (1 << 24), 8);
    frame.writeUInt32LE(0xffff, 16);
    host.deliver(frame, 0, frame.length);
    host.flush();
    const exit = await containers.until('the JVM to end', () => containers.records.get(1)!.exit);
    assert.match(exit.reason, /tuple 1 of 1 from task 0 to 2 does not fit its frame/);
    assert.match(containers.reported(1, 'fatal')[0]!.message, /connection of the JVM host cannot be used/);
  });

  it('tells of a killed JVM, and ends the children of its shell bolts', async () => {
    const child = await runWithShellChild();
    process.kill(containers.hosts.get(1)!.pid!, 'SIGKILL');
    const exit = await containers.until('the end of the JVM', () => containers.records.get(1)!.exit);
    assert.match(exit.reason, /was ended by SIGKILL/);
    await containers.until('the child to be gone', () => (isGone(child) ? true : undefined));
  });

  it('leaves no JVM and no child of a shell bolt when its container is killed', async () => {
    await open('sleeper');
    const orphan = spawn(process.execPath, ['--import=tsx', orphanProgram], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(orphan.stdout), 'line')) as [string];
    const { directory, jvm, child } = JSON.parse(line) as { directory: string; jvm: number; child: number };
    orphan.kill('SIGKILL');
    await containers.until('the JVM to end', () => (isGone(jvm) ? true : undefined), 5000);
    await containers.until('the child to end', () => (isGone(child) ? true : undefined), 5000);
    rmSync(directory, { recursive: true });
  });

  it('leaves no JVM when its container was killed before the JVM could look for it', async () => {
    await open('sleeper');
    const gone = spawn('true');
    await once(gone, 'exit');
    const jar = new URL('../../../../build/java/egret-jvm-host.jar', import.meta.url).pathname;
    const socket = join(containers.directory, 'jvm.sock');
    const jvm = spawn('java', ['-cp', jar, 'egret.host.Main', socket, String(gone.pid)]);
    let words = '';
    jvm.stderr.on('data', (bytes: Buffer) => (words += bytes.toString('utf8')));
    const limit = setTimeout(() => jvm.kill('SIGKILL'), 30_000);
    const [code] = (await once(jvm, 'close')) as [number | null];
    clearTimeout(limit);
    assert.equal(code, 1);
    assert.match(words, /the container ended before it connected/);
  });

  it('refuses to start with the words of a JVM that cannot', async () => {
    await open('fast', {
      conf: { 'topology.worker.childopts': '-XX:NoSuchOption=1', 'worker.childopts': '' },
    });
    await assert.rejects(containers.start(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'HANDSHAKE_FAILED');
      assert.match(error.message, /the JVM of container 1 ended before it was ready: exited with code 1/);
      assert.match(JSON.stringify(error), /Unrecognized VM option 'NoSuchOption=1'/);
      return true;
    });
    assert.deepEqual(readdirSync(join(containers.directory, 'local', 'workers')), []);
  });

  it('names a component whose class is not in the jar', async () => {
    await open('fast', { conf: { 'topology.acker.executors': 0 } });
    writeFileSync(join(containers.codeDir, 'stormjar.jar'), '');
    await containers.start();
    containers.plan();
    await containers.until('the JVM to end', () => containers.records.get(1)!.exit);
    assert.match(containers.reported(1, 'fatal')[0]!.message, /component (constant|null).*HostedComponents/s);
  });

  it('writes the log of its worker in the form of Storm, beside its output and errors', async () => {
    await run('fast', { conf: { 'topology.acker.executors': 0 } });
    const log = join(containers.logDir(1), 'worker.log');
    await containers.until('log lines', () =>
      existsSync(log) && /Prepared bolt null/.test(readFileSync(log, 'utf8')) ? true : undefined,
    );
    const lines = readFileSync(log, 'utf8').split('\n');
    assert.match(lines[0]!, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+ \S+ \[(INFO|WARN)\] /);
    assert.ok(existsSync(`${log}.err`) && existsSync(`${log}.out`));
  });

  async function runWithShellChild(): Promise<number> {
    await open('sleeper', { conf: { 'topology.acker.executors': 0 } });
    writeShellChild(containers);
    await containers.start();
    containers.plan();
    const pidFile = join(containers.resultsDir, 'child');
    return containers.until('the shell child', () =>
      existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) || undefined : undefined,
    );
  }
});

function writerTo(host: TaskHost, target: number): DataFrameWriter {
  return new DataFrameWriter({ target, stream: 1, source: 1 }, (buffer, start, end) =>
    host.deliver(buffer, start, end),
  );
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

function sums(results: ReturnType<JvmContainers['results']>, field: string): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, result] of results) {
    if (!name.startsWith('count-')) continue;
    for (const [key, count] of Object.entries(result[field] as Record<string, number>)) {
      total[key] = (total[key] ?? 0) + count;
    }
  }
  return total;
}

function sumOf(results: ReturnType<JvmContainers['results']>, field: string): number {
  return Object.values(sums(results, field)).reduce((total, count) => total + count, 0);
}

function sumOfCounts(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
