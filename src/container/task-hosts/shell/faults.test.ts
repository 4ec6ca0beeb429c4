import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { JsonObject } from '../../../base/index.ts';
import { type RigComponent, ShellRig } from '../../../testing/shell-rig.ts';

const source: RigComponent = { id: 'source', kind: 'spout', streams: { default: { fields: ['a'] } } };
const sink: RigComponent = {
  id: 'sink',
  kind: 'bolt',
  inputs: [{ from: 'bolt', grouping: { kind: 'shuffle' } }],
};

function bolt(command: string, script: string): RigComponent {
  return {
    id: 'bolt',
    kind: 'bolt',
    shell: [command, script],
    streams: { default: { fields: ['a'] } },
    inputs: [{ from: 'source', grouping: { kind: 'shuffle' } }],
  };
}

/** A bolt whose `process` is the given Python lines. */
function pythonBolt(...lines: readonly string[]): string {
  return `import storm, os, sys, time, json\nclass B(storm.Bolt):\n    def process(self, tup):\n${lines.map((line) => `        ${line}`).join('\n')}\nB().run()\n`;
}

const handshake = 'storm.initComponent()';

describe('a shell child at fault', () => {
  let rig: ShellRig;

  async function open(
    component: RigComponent,
    resources: Record<string, string>,
    conf: JsonObject = {},
  ): Promise<void> {
    rig = new ShellRig({ components: [source, component, sink], resources, conf });
    await rig.start('bolt');
  }
  async function python(script: string, conf: JsonObject = {}): Promise<void> {
    await open(bolt('python3', 'b.py'), { 'b.py': script }, conf);
  }
  const give = (count = 1): void =>
    rig.send(
      'source',
      rig.tasksOf('bolt')[0]!,
      Array.from({ length: count }, (_, i) => ({
        values: [`t${i}`],
        anchors: [[1, i, 2, i] as [number, number, number, number]],
      })),
    );
  const reason = async (): Promise<string> => {
    await rig.waitFor('end', () => rig.exits.length > 0);
    assert.equal(rig.exits.length, 1);
    return rig.exits[0]!.reason;
  };
  const fails = () => rig.to('__acker').filter((tuple) => tuple.stream === '__ack_fail');

  afterEach(() => rig.close());

  it('names component, task, command line, directory, exit code and last words of a script that is not there', async () => {
    await open(bolt('python3', 'no such.py'), {});
    const text = await reason();
    assert.match(
      text,
      /^child of task \d+ \(bolt\), "python3 'no such\.py'" in \/.*\/code\/resources, pid \d+ exited with code 2 before it answered the handshake/,
    );
    assert.match(rig.exits[0]!.stderrTail.join('\n'), /can't open file/);
    assert.match(rig.workerLog(), /\[ERROR\] child of task/);
  });

  it('does not start with a command that is not there', async () => {
    rig = new ShellRig({ components: [source, bolt('no-such-python', 'b.py'), sink] });
    await assert.rejects(rig.start('bolt'), {
      code: 'SPAWN_FAILED',
      message: /component bolt, task \d+\D.*no-such-python.*resources.*no program of that name/,
    });
  });

  it('does not start with a command that is not executable', async () => {
    rig = new ShellRig({
      components: [source, bolt('./plain', 'x'), sink],
      resources: { plain: '#!/bin/sh\n' },
    });
    await assert.rejects(rig.start('bolt'), { code: 'SPAWN_FAILED', message: /plain is not executable/ });
  });

  it('does not start with a serializer that is a Java class', async () => {
    const conf = { 'topology.multilang.serializer': 'com.example.Msgpack' };
    rig = new ShellRig({ components: [source, bolt('python3', 'b.py'), sink], conf });
    await assert.rejects(rig.start('bolt'), {
      code: 'CONFIG_INVALID',
      message: /component bolt.*com\.example\.Msgpack/,
    });
  });

  it('shows rubbish that it printed', async () => {
    await python('print("hello, world")\nimport storm\nstorm.initComponent()\nimport time\ntime.sleep(60)\n');
    assert.match(await reason(), /wrote something that is not JSON: "hello, world\\n\{.*it was ended/);
  });

  it('shows what it left unfinished', async () => {
    await python('import sys\nsys.stdout.write("usage: b.py FILE\\n")\nsys.exit(3)\n');
    assert.match(
      await reason(),
      /exited with code 3 before it answered the handshake; it left an unfinished message: "usage: b\.py FILE\\n"/,
    );
  });

  it('is refused a first message that does not answer the handshake', async () => {
    await python(
      'import storm, time\nstorm.sendMsgToParent({"command": "emit", "tuple": [1]})\ntime.sleep(60)\n',
    );
    assert.match(
      await reason(),
      /expected \{"pid": \.\.\.\} as the answer to the handshake, got a message "emit"/,
    );
  });

  it('is ended when it never answers the handshake', async () => {
    await python('import time\ntime.sleep(60)\n', { 'egret.shell.handshake.timeout.secs': 0.1 });
    assert.match(
      await reason(),
      /did not answer the handshake within 0\.1 s \(egret\.shell\.handshake\.timeout\.secs/,
    );
  });

  it('may log before it answers the handshake', async () => {
    await python(
      `import storm\nstorm.log("early")\nclass B(storm.Bolt):\n    def process(self, tup): storm.ack(tup)\nB().run()\n`,
    );
    give();
    await rig.waitFor('ack', () => rig.to('__acker').length > 0);
    await rig.waitFor('log', () => rig.workerLog().includes('early'));
  });

  it('may say its pid before it is asked', async () => {
    const early = `import storm, os\nstorm.sendMsgToParent({"pid": os.getpid()})\nstorm.log("early")\nstorm.readMsg()\n`;
    const script = `${early}while True: storm.ack(storm.readTuple())\n`;
    rig = new ShellRig({
      components: [source, bolt('python3', 'b.py'), sink],
      resources: { 'b.py': script },
    });
    const host = await rig.start('bolt', { isActive: false });
    await rig.waitFor('log', () => rig.workerLog().includes('early'));
    rig.tell(host, { isActive: true });
    give();
    await rig.waitFor('ack', () => rig.to('__acker').length > 0);
  });

  it('is ended when it says its pid twice', async () => {
    await python(
      `import storm, time\nfor pid in [7, 8]: storm.sendMsgToParent({"pid": pid})\ntime.sleep(60)\n`,
    );
    assert.match(await reason(), /said its pid \(8\) a second time/);
  });

  it('costs its pending and its waiting tuples a fail at once when it dies', async () => {
    await python(pythonBolt('if tup.values[0] == "t20": os.kill(os.getpid(), 9)'));
    give(300);
    assert.match(await reason(), /was ended by SIGKILL/);
    assert.deepEqual(
      new Set(
        fails().map((tuple) =>
          JSON.stringify(tuple.values, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v)),
        ),
      ).size,
      300,
    );
  });

  it('is ended when it is stuck in a tuple', async () => {
    await python(pythonBolt('time.sleep(60)'), { 'topology.subprocess.timeout.secs': 1 });
    give();
    assert.match(
      await reason(),
      /subprocess heartbeat timeout: answered nothing for 1 s \(topology\.subprocess\.timeout\.secs/,
    );
    assert.equal(fails().length, 1);
  });

  it('lives as long as it gets on, although many tuples take longer than the timeout', async () => {
    await python(pythonBolt('time.sleep(0.3)', 'if tup.values[0] == "t11": storm.log("through")'), {
      'topology.subprocess.timeout.secs': 1,
    });
    give(12);
    await rig.waitFor(
      'end of work',
      () => rig.workerLog().includes('through') || rig.exits.length > 0,
      15_000,
    );
    assert.deepEqual(rig.exits, []);
  });

  it('is ended when it is a spout that does not answer a command', async () => {
    const spout: RigComponent = { ...source, id: 'stuck', shell: ['python3', 's.py'] };
    const script = `import storm, time\nclass S(storm.Spout):\n    def nextTuple(self): time.sleep(60)\nS().run()\n`;
    rig = new ShellRig({
      components: [spout],
      resources: { 's.py': script },
      conf: { 'topology.subprocess.timeout.secs': 1 },
    });
    await rig.start('stuck');
    assert.match(await reason(), /subprocess heartbeat timeout/);
  });

  it('is named the tuple that it anchored on or acked without having it', async () => {
    await python(pythonBolt('storm.ack(tup)', 'storm.emit([1], anchors=[tup])'));
    give();
    assert.match(await reason(), /anchored an emit on the tuple "1", which it does not have/);
  });

  it('is refused an emit on a stream it does not declare, and one with a wrong number of values', async () => {
    await python(pythonBolt('storm.emit([1], stream="nowhere")'));
    give();
    assert.match(await reason(), /Unknown stream ID: nowhere\. Component bolt declares \[/);
    await rig.close();
    await python(pythonBolt('storm.emit([1, 2])'));
    give();
    assert.match(await reason(), /Expected 1 fields but got 2 fields: component bolt, stream default \[a\]/);
  });

  it('is ended when it closes its standard output', async () => {
    await python(`import storm, sys, os, time\n${handshake}\nos.close(1)\ntime.sleep(60)\n`);
    assert.match(await reason(), /closed its standard output but kept running/);
  });

  it('is refused a message above the limit', async () => {
    await python(pythonBolt('storm.emit(["x" * 200000])'), { 'egret.shell.message.max.bytes': 100_000 });
    give();
    assert.match(await reason(), /at most 100000 make a message \(egret\.shell\.message\.max\.bytes\)/);
  });

  it('takes what it started with it', async () => {
    await python(
      `import storm, subprocess, sys\np = subprocess.Popen(["sleep", "1000"])\nsys.stderr.write("sleeper %d\\n" % p.pid)\nsys.stderr.flush()\nimport os\nos._exit(4)\n`,
    );
    await reason();
    const pid = /sleeper (\d+)/.exec(rig.exits[0]!.stderrTail.join('\n'))![1]!;
    await rig.waitFor('end of the sleeper', () => !isAlive(pid));
  });

  it('is killed when it does not end in time, and leaves nothing', async () => {
    await python(
      `import signal, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n${pythonBolt('storm.log("got it")', 'time.sleep(60)')}`,
    );
    give();
    await rig.waitFor('work', () => rig.workerLog().includes('got it'));
    assert.equal(rig.leftovers().length, 2);
    await Promise.all([rig.stopAll(200), rig.stopAll(200)]);
    assert.deepEqual(rig.leftovers(), []);
    assert.deepEqual(rig.exits, []);
  });

  it('outlives the signal of its start, which only ends the start', async () => {
    const starting = new AbortController();
    rig = new ShellRig({
      components: [source, bolt('python3', 'b.py'), sink],
      resources: { 'b.py': pythonBolt('storm.ack(tup)') },
    });
    const host = rig.make('bolt');
    await host.start(starting.signal);
    starting.abort();
    rig.tell(host, { isActive: true });
    give();
    await rig.waitFor('ack', () => rig.to('__acker').length > 0);
    const other = rig.make('bolt');
    await assert.rejects(other.start(starting.signal));
    assert.equal(rig.leftovers().length, 2);
    await host.stop(1000);
  });

  it('is under pressure above the high mark, and no more below the low one', async () => {
    await python(
      pythonBolt(
        'if tup.values[0] == "t0":\n            while not os.path.exists("go"): time.sleep(0.01)',
        'storm.ack(tup)',
      ),
      {
        'egret.shell.queue.high.tuples': 1000,
      },
    );
    give(1100);
    const pressure = () =>
      rig.reports.flatMap((report) => (report.type === 'pressure' ? [report.tasks.length] : []));
    await rig.waitFor('pressure', () => pressure().length === 1);
    assert.deepEqual(pressure(), [1]);
    rig.writeResource('go', '');
    await rig.waitFor('the end of pressure', () => pressure().length === 2);
    assert.deepEqual(pressure(), [1, 0]);
  });

  it('never holds more tuples than allowed, while each of its emits waits for an answer', async () => {
    await python(pythonBolt('storm.emit([len(storm.pending_commands)])', 'storm.ack(tup)'));
    for (let i = 0; i < 50; i++) give(100);
    await rig.waitFor('tuples', () => rig.to('sink').length === 5000);
    const held = rig.to('sink').map((tuple) => (tuple.values[0] as { value: number }).value);
    assert.ok(Math.max(...held) <= 110, `${Math.max(...held)}`); // 100 and the heartbeats among them
  });

  it('is not listened to while it floods a task under pressure', async () => {
    await python(
      pythonBolt(
        'while True: storm.sendMsgToParent({"command": "emit", "need_task_ids": False, "tuple": ["x" * 1000]})',
      ),
    );
    rig.keepsTuples = false;
    const host = rig.hostOf('bolt');
    host.control({ type: 'pressure', reporter: 'test', tasks: rig.tasksOf('sink') });
    give();
    host.control({ type: 'pressure', reporter: 'test', tasks: [] });
    await rig.waitFor('a flood', () => rig.routedBytes > 1_000_000);
    host.control({ type: 'pressure', reporter: 'test', tasks: rig.tasksOf('sink') });
    const before = rig.routedBytes;
    let last = -1;
    await rig.waitFor('silence', () => {
      const isSame = rig.routedBytes === last;
      last = rig.routedBytes;
      return isSame && last - before > 500_000;
    });
    assert.ok(rig.routedBytes - before < 3_000_000, `${rig.routedBytes - before}`);
    host.control({ type: 'pressure', reporter: 'test', tasks: [] });
    await rig.waitFor('the flood again', () => rig.routedBytes > last + 1_000_000);
  });
});

/** A process that is dead and not yet buried by its parent is no longer alive. */
function isAlive(pid: string): boolean {
  const status = `/proc/${pid}/stat`;
  return existsSync(status) && !/\) Z /.test(readFileSync(status, 'utf8'));
}
