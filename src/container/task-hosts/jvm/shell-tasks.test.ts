import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '../../../base/index.ts';
import { askOracle } from '../../../testing/oracle.ts';

/** A child of ShellBolt or ShellSpout, and what its task must have reported before the test examines it. */
interface Case {
  readonly kind: 'bolt' | 'spout';
  readonly command: readonly string[];
  readonly resources: Readonly<Record<string, string>>;
  readonly conf: JsonObject;
  readonly streams: Readonly<Record<string, readonly string[]>>;
  readonly give: readonly JsonValue[][];
  readonly until: Readonly<Record<string, number>>;
  readonly acksInside?: boolean;
}

interface Told {
  readonly emits: readonly (readonly [
    stream: string,
    direct: number | null,
    id: string,
    values: readonly string[],
  ])[];
  readonly acks: readonly string[];
  readonly fails: readonly string[];
  readonly errors: readonly string[];
  readonly isDone: boolean;
  readonly pidFiles: number;
}

const root = new URL('../../../../', import.meta.url).pathname;
const stormPy = `${root}compat-tests/topologies/target/classes/resources/storm.py`;
const stormJs = `${root}compat-tests/topologies/target/classes/resources/storm.js`;

/** Lines of a bolt's `process`. The child sees task-id lists ahead unless a case says otherwise. */
function pythonBolt(...lines: readonly string[]): string {
  return `import storm, os, sys, time, json, signal\nclass B(storm.Bolt):\n    def process(self, tup):\n${lines.map((line) => `        ${line}`).join('\n')}\nB().run()\n`;
}

function bolt(script: string, more: Partial<Case> = {}): Case {
  return {
    kind: 'bolt',
    command: ['python3', 'b.py'],
    resources: { 'b.py': script, 'storm.py': readFileSync(stormPy, 'utf8') },
    conf: {},
    streams: { default: ['a'] },
    give: [['t0']],
    until: { errors: 1 },
    ...more,
  };
}

function spout(script: string, more: Partial<Case> = {}): Case {
  return { ...bolt(script, more), kind: 'spout', give: [], ...more };
}

const many = (count: number): string[][] => Array.from({ length: count }, (_, i) => [`t${i}`]);

const cases = {
  noScript: bolt('', { command: ['python3', 'no such.py'] }),
  noProgram: bolt('', { command: ['no-such-program', 'b.py'] }),
  crashLoop: bolt('import sys\nprint("last words", file=sys.stderr)\nsys.exit(3)\n', {
    until: { errors: 4 },
  }),
  rubbish: bolt('print("hello, world")\nimport storm\nstorm.initComponent()\nimport time\ntime.sleep(60)\n'),
  unfinished: bolt('import sys\nsys.stdout.write("usage: b.py FILE\\n")\nsys.exit(3)\n'),
  noPid: bolt(
    'import storm, time\nstorm.sendMsgToParent({"command": "emit", "tuple": [1]})\ntime.sleep(60)\n',
  ),
  noAnswer: bolt('import time\ntime.sleep(60)\n', { conf: { 'egret.shell.handshake.timeout.secs': 0.5 } }),
  earlyLog: bolt(
    'import storm\nstorm.log("early")\nclass B(storm.Bolt):\n    def process(self, tup): storm.ack(tup)\nB().run()\n',
    { until: { acks: 1 } },
  ),
  pidTwice: bolt(
    'import storm, time\nfor pid in [7, 8]: storm.sendMsgToParent({"pid": pid})\ntime.sleep(60)\n',
  ),
  killed: bolt(
    pythonBolt(
      'if os.path.exists("once"): storm.ack(tup)',
      'elif tup.values[0] == "t20":',
      '    open("once", "w").close()',
      '    os.kill(os.getpid(), signal.SIGKILL)',
    ),
    { give: many(300), until: { errors: 1, fails: 100, acks: 1 } },
  ),
  stopped: bolt(
    pythonBolt(
      'if os.path.exists("once"): storm.ack(tup)',
      'else:',
      '    open("once", "w").close()',
      '    os.kill(os.getpid(), signal.SIGSTOP)',
    ),
    { give: many(3), conf: { 'egret.process.stopped.secs': 0.5 } },
  ),
  hoards: bolt(
    pythonBolt(
      'if tup.values[0] == "t99":',
      '    for id in range(1, 101): storm.sendMsgToParent({"command": "ack", "id": str(id)})',
    ),
    {
      give: many(100),
      conf: { 'egret.shell.pending.max.tuples': 20 },
      until: { fails: 80, acks: 20, errors: 1 },
    },
  ),
  stuck: bolt(pythonBolt('time.sleep(60)'), { conf: { 'topology.subprocess.timeout.secs': 1 } }),
  busy: bolt(pythonBolt('time.sleep(0.3)', 'storm.ack(tup)'), {
    give: many(10),
    conf: { 'topology.subprocess.timeout.secs': 1 },
    until: { acks: 10 },
  }),
  ackTwice: bolt(pythonBolt('storm.ack(tup)', 'storm.ack(tup)')),
  ackStranger: bolt(pythonBolt('storm.sendMsgToParent({"command": "ack", "id": "77"})')),
  anchorAfterAck: bolt(pythonBolt('storm.ack(tup)', 'storm.emit([1], anchors=[tup])')),
  noStream: bolt(pythonBolt('storm.emit([1], stream="nowhere")')),
  wrongWidth: bolt(pythonBolt('storm.emit([1, 2])')),
  noTuple: bolt(pythonBolt('storm.sendMsgToParent({"command": "emit"})')),
  noCommand: bolt(pythonBolt('storm.sendMsgToParent({"what": 1})')),
  closedOut: bolt(
    'import storm, sys, os, time\nstorm.initComponent()\nos.close(1)\nos.close(2)\ntime.sleep(60)\n',
  ),
  tooLong: bolt(pythonBolt('storm.emit(["x" * 200000])'), {
    conf: { 'egret.shell.message.max.bytes': 100_000 },
  }),
  offspring: bolt(
    pythonBolt(
      'import subprocess',
      'p = subprocess.Popen(["sleep", "1000"])',
      'sys.stderr.write("sleeper %d\\n" % p.pid)',
      'sys.stderr.flush()',
      'os._exit(4)',
    ),
  ),
  values: bolt(
    pythonBolt(
      'storm.emit([json.dumps(tup.values)])',
      'storm.emit([tup.values], anchors=[tup])',
      'storm.emitDirect(9, [3])',
      'storm.emit([[1, 2147483648, 2**70, 1.0, 0.30000000000000004, True, None, "\\u00fc", {"k": [1.5]}]])',
      'storm.ack(tup)',
    ),
    {
      give: [
        [
          't',
          '@bytes',
          '@big',
          '@decimal',
          '@date',
          '@uuid',
          '@ints',
          '@nan',
          '@infinity',
          '@float',
          '@surrogate',
        ],
      ],
      until: { acks: 1 },
    },
  ),
  unsayable: bolt(pythonBolt('storm.ack(tup)'), {
    give: [
      ['a', '@deep'],
      ['b', 1],
    ],
    until: { acks: 1, fails: 1, errors: 1 },
  }),
  large: bolt(
    pythonBolt(
      'storm.emit([len(tup.values[0])])',
      'for i in range(200): storm.log("x" * 1000)',
      'storm.ack(tup)',
    ),
    {
      give: Array.from({ length: 20 }, () => ['@large']),
      until: { acks: 20 },
    },
  ),
  floods: bolt(
    pythonBolt(
      // task ids of more bytes than a pipe holds, which it does not read before it has said all
      'for i in range(15000): storm.sendMsgToParent({"command": "emit", "tuple": ["x"]})',
      'for i in range(15000): storm.readTaskIds()',
      'storm.ack(tup)',
    ),
    { until: { acks: 1 } },
  ),
  metric: bolt(
    pythonBolt('storm.rpcMetrics("unknown", 1)', 'storm.rpcMetrics("unknown", 1)', 'storm.ack(tup)'),
    {
      until: { errors: 1, acks: 1 },
    },
  ),
  saysError: bolt(pythonBolt('storm.reportError("it said so")', 'storm.ack(tup)'), {
    until: { errors: 1, acks: 1 },
  }),
  environment: bolt(
    pythonBolt(
      'storm.emit([os.environ["RIG"] + " " + os.environ["PATH"].rsplit(":", 1)[1]])',
      'storm.emit([os.getcwd()])',
      'storm.ack(tup)',
    ),
    { until: { acks: 1 } },
  ),
  held: bolt(pythonBolt('storm.emit([len(storm.pending_commands)])', 'storm.ack(tup)'), {
    give: many(3000),
    conf: { 'topology.egret.shell.task.ids.ahead': false },
    until: { acks: 3000 },
  }),
  ahead: bolt(
    pythonBolt(
      'time.sleep(0.05)',
      'before = len(storm.pending_taskids)',
      'ids = storm.emit(["x"])',
      'storm.emit(["%d %s" % (before, ids)])',
      'storm.ack(tup)',
    ),
    { until: { acks: 1 } },
  ),
  noSerializer: bolt('', { conf: { 'topology.multilang.serializer': 'com.example.Msgpack' } }),
  node: bolt('', {
    command: ['node', 'b.cjs'],
    resources: {
      'storm.js': readFileSync(stormJs, 'utf8'),
      'b.cjs':
        "const storm = require('./storm.js');\nclass B extends storm.BasicBolt { process(tup, done) { this.emit({ tuple: [tup.values[0]], anchorTupleId: tup.id }, (ids) => { this.log(String(ids)); done(); }); } }\nnew B().run();\n",
    },
    give: many(50),
    until: { acks: 50 },
  }),
  spoutIds: spout(
    `import storm, os\nclass S(storm.Spout):\n    n = 0\n    def nextTuple(self):\n        self.n += 1\n        ids = storm.emit(["%d %d" % (os.getpid(), self.n)], id=self.n)\n        if self.n == 10 and not os.path.exists("once"):\n            open("once", "w").close()\n            os.kill(os.getpid(), 9)\n    def ack(self, id):\n        storm.emit(["acked %d %d" % (os.getpid(), id)])\nS().run()\n`,
    { until: { emits: 60, errors: 1 } },
  ),
  spoutActivates: spout(
    'import storm, os\nclass S(storm.Spout):\n    def activate(self): storm.emit(["active"])\n    def nextTuple(self): os._exit(5)\nS().run()\n',
    { until: { emits: 2, errors: 2 } },
  ),
  spoutStuck: spout(
    'import storm, time\nclass S(storm.Spout):\n    def nextTuple(self): time.sleep(60)\nS().run()\n',
    { conf: { 'topology.subprocess.timeout.secs': 1 } },
  ),
  spoutStranger: spout(
    'import storm, time\nclass S(storm.Spout):\n    def nextTuple(self): storm.sendMsgToParent({"command": "dance"})\nS().run()\n',
  ),
  spoutUnacked: spout(
    'import storm\nclass S(storm.Spout):\n    n = 0\n    def nextTuple(self):\n        self.n += 1\n        for i in range(3): storm.emit([i], id="%d.%d" % (self.n, i))\n    def ack(self, id): storm.emit(["acked " + id])\nS().run()\n',
    { acksInside: true, until: { emits: 30 } },
  ),
} satisfies Record<string, Case>;

describe('a child of ShellBolt or ShellSpout', () => {
  let directory: string;
  let told: Record<keyof typeof cases, Told>;

  before(function () {
    this.timeout(600_000);
    directory = mkdtempSync(join(tmpdir(), 'egret-shell-tasks-'));
    const question = { dir: directory, cases: Object.values(cases) as unknown as JsonValue };
    const answers = askOracle('ShellTasks', question, { ahead: ['egret-shell.jar'] }) as unknown as Told[];
    told = Object.fromEntries(Object.keys(cases).map((name, i) => [name, answers[i]])) as typeof told;
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const done = (name: keyof typeof cases): Told => {
    const answer = told[name];
    assert.ok(answer.isDone, `${name}: ${JSON.stringify(answer).slice(0, 2000)}`);
    return answer;
  };
  const firstError = (name: keyof typeof cases): string => done(name).errors[0]!;

  const faults: readonly (readonly [keyof typeof cases, string, RegExp])[] = [
    [
      'noScript',
      'a script that is not there: component, task, command line, directory, exit code and last words',
      /^child of task 7 \(subject\), "python3 'no such\.py'" in \/.*\/resources, pid \d+ exited with code 2 before it answered the handshake\nLast lines of its standard error:\n.*can't open file/,
    ],
    [
      'noProgram',
      'a program that is not there',
      /^child of task 7 \(subject\), "no-such-program b\.py" in .* cannot be started: no program of that name is on the PATH/,
    ],
    ['rubbish', 'rubbish', /wrote something that is not JSON: "hello, world\\n\{.*it was ended/],
    [
      'unfinished',
      'what it left unfinished',
      /exited with code 3 before it answered the handshake; it left an unfinished message: "usage: b\.py FILE\\n"/,
    ],
    [
      'noPid',
      'a first message that does not answer the handshake',
      /expected \{"pid": \.\.\.\} as the answer to the handshake, got a message "emit"/,
    ],
    [
      'noAnswer',
      'no answer to the handshake',
      /did not answer the handshake within 0\.5 s \(egret\.shell\.handshake\.timeout\.secs/,
    ],
    ['pidTwice', 'a second pid', /said its pid \(8\) a second time/],
    [
      'stopped',
      'a stop (SIGSTOP)',
      /was stopped by a signal for 0\.5 s \(egret\.process\.stopped\.secs\); it was ended/,
    ],
    [
      'stuck',
      'a tuple that it is stuck in',
      /subprocess heartbeat timeout: answered nothing for 1 s \(topology\.subprocess\.timeout\.secs/,
    ],
    [
      'ackTwice',
      'a second ack',
      /acked the tuple "1", which it does not have: it was acked or failed before/,
    ],
    ['ackStranger', 'an ack of what it never got', /acked the tuple "77", which it does not have/],
    [
      'anchorAfterAck',
      'an anchor that it has acked',
      /anchored an emit on the tuple "1", which it does not have/,
    ],
    [
      'noStream',
      'a stream that is not declared',
      /Unknown stream ID: nowhere\. Component subject declares \[default\]/,
    ],
    [
      'wrongWidth',
      'a wrong number of values',
      /Expected 1 fields but got 2 fields: component subject, stream default \[a\]/,
    ],
    ['noTuple', 'an emit without values', /wrote an "emit" whose "tuple" is no array: "\{\\"command/],
    [
      'noCommand',
      'a message without a command',
      /wrote a message with neither "command" nor "pid": "\{\\"what\\": 1\}"/,
    ],
    [
      'closedOut',
      'the end of its standard output while it lives',
      /closed its standard output but kept running/,
    ],
    [
      'tooLong',
      'a message above the limit',
      /at most 100000 make a message \(egret\.shell\.message\.max\.bytes\)/,
    ],
    [
      'noSerializer',
      'a serializer that is not there',
      /cannot be spoken to: topology\.multilang\.serializer is com\.example\.Msgpack/,
    ],
    ['spoutStuck', 'a spout that does not answer', /subprocess heartbeat timeout/],
    [
      'spoutStranger',
      'a command that spouts do not have',
      /sent the command "dance", which a spout does not have/,
    ],
  ];
  for (const [name, what, says] of faults) {
    it(`is named ${what}`, () => assert.match(firstError(name), new RegExp(says, 's')));
  }

  it('that ends again and again is said to be in a crash loop, with its last words', () => {
    const { errors } = done('crashLoop');
    assert.doesNotMatch(errors[1]!, /Crash loop/);
    assert.match(
      errors[2]!,
      /\nCrash loop: ended 3 times in a row; next start in 0\.\d s\.\nLast lines of its standard error:\nlast words\n$/,
    );
    assert.match(errors[3]!, /Crash loop: ended 4 times in a row/);
  });

  it('that is killed has what it held and what waited for it failed at once, and the next child continues', () => {
    const { errors, fails, acks } = done('killed');
    assert.match(errors[0]!, /was ended by SIGKILL$/m);
    assert.equal(new Set([...fails, ...acks]).size, fails.length + acks.length);
    assert.ok(fails.includes('t20') && fails.includes('t21'));
  });

  it('that acks nothing has its oldest tuples failed, and may still ack them', () => {
    const { acks, fails, errors } = done('hoards');
    assert.deepEqual([acks.length, fails.length, errors.length], [20, 80, 1]);
    assert.deepEqual([fails[0], fails[79], acks[0]], ['t0', 't79', 't80']);
    assert.match(
      errors[0]!,
      /holds more than 20 tuples .* \(egret\.shell\.pending\.max\.tuples\): the oldest are failed/,
    );
  });

  it('may log before it answers the handshake', () => assert.deepEqual(done('earlyLog').errors, []));

  it('lives as long as it gets on, although its tuples take longer than the timeout', () =>
    assert.deepEqual(done('busy').errors, []));

  it('takes what it started with it', () => {
    const pid = /sleeper (\d+)/.exec(firstError('offspring'))![1]!;
    assert.ok(!existsSync(`/proc/${pid}`) || /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
  });

  it('receives every value as JSON, and its own values arrive as types that may leave the worker', () => {
    const { emits } = done('values');
    const said = JSON.parse(
      emits[0]![3][0]!.slice('java.lang.String '.length).replace('NaN', '"NaN"'),
    ) as unknown[];
    assert.deepEqual(said, [
      't',
      'Af4D',
      1.2345678901234568e29,
      12.34,
      '1970-01-01T00:16:40Z',
      '00000000-0000-0001-0000-000000000002',
      [1, 2],
      'NaN',
      null,
      1.5,
      '\u{1f600} \ud83d /',
    ]);
    assert.match(emits[1]![3][0]!, /^java\.util\.ArrayList /);
    assert.deepEqual(emits[1]!.slice(0, 3), ['default', null, '[t]']);
    assert.deepEqual(emits[2], ['default', 9, '[]', ['java.lang.Integer 3']]);
    assert.equal(
      emits[3]![3][0],
      'java.util.ArrayList [1, 2147483648, 1180591620717411303424, 1.0, 0.30000000000000004, true, null, \u00fc, {k=[1.5]}]',
    );
  });

  it('never receives a tuple that cannot be encoded, which fails with an error that names the component', () => {
    const { fails, acks, errors } = done('unsayable');
    assert.deepEqual([fails, acks], [['a'], ['b']]);
    assert.match(
      errors[0]!,
      /component subject is a shell component and was sent a value nested deeper than 64 levels: emit a plain value/,
    );
  });

  it('and its task do not wait for each other when both have more to say than a pipe holds', () => {
    assert.deepEqual(done('large').errors, []);
    assert.deepEqual([done('floods').emits.length, done('floods').errors], [15_000, []]);
  });

  it('may update a metric that its component has not registered, which is reported as an error once', () => {
    const { errors } = done('metric');
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /updated the metric "unknown", which its component has not registered/);
  });

  it('has its errors reported as Storm does', () => {
    assert.match(firstError('saysError'), /^java\.lang\.Exception: Shell Process Exception: it said so\n/);
  });

  it('runs among the resources, with its variables, and PATH appended', () => {
    const [path, cwd] = done('environment').emits.map(([, , , [value]]) => value);
    assert.equal(path, 'java.lang.String yes /rig');
    assert.match(cwd!, /\/resources$/);
  });

  it('never holds more tuples than allowed, while each of its emits waits for an answer', () => {
    const held = done('held').emits.map(([, , , [value]]) => Number(value!.split(' ')[1]));
    assert.ok(Math.max(...held) <= 110, `${Math.max(...held)}`); // 100 and the heartbeats among them
  });

  it("that speaks through storm.py has the lists of task ids before it emits, and Storm's storm.js has not", () => {
    // No component takes the stream, so the list of task ids is empty.
    assert.match(done('ahead').emits[1]![3][0]!, /^java\.lang\.String [1-9]\d* \[\]$/);
    assert.deepEqual(done('node').errors, []);
    assert.equal(done('node').emits.length, 50);
  });

  it('of a spout never receives the outcomes of trees of a dead child, and starts over', () => {
    const { emits, errors } = done('spoutIds');
    assert.equal(errors.length, 1);
    const acked = emits.flatMap(([, , , [value]]) => /acked (\d+) (\d+)/.exec(value!)?.slice(1) ?? []);
    const emitted = new Set(
      emits.flatMap(
        ([, , , [value]]) => /^java\.lang\.String (\d+) (\d+)$/.exec(value!)?.slice(1).join(' ') ?? [],
      ),
    );
    assert.ok(acked.length > 0);
    const pairs = acked.flatMap((pid, i) => (i % 2 === 0 ? [`${pid} ${acked[i + 1]!}`] : []));
    assert.equal(new Set(pairs).size, pairs.length, 'no id twice to one child');
    for (const pair of pairs) assert.ok(emitted.has(pair), pair);
  });

  it('of a spout is activated when it replaces one that was', () => {
    const { emits } = done('spoutActivates');
    assert.deepEqual(emits[1]![3], ['java.lang.String active']);
  });

  it('of a spout receives the outcomes of trees that end within its emit once the emit is done', () => {
    const texts = done('spoutUnacked').emits.map(([, , , [value]]) => value!.split(' ').slice(1).join(' '));
    assert.deepEqual(texts.slice(0, 6), ['0', '1', '2', 'acked 1.0', 'acked 1.1', 'acked 1.2']);
  });

  it('leaves no pid file behind when it has been replaced', () => {
    assert.ok(done('crashLoop').pidFiles <= 1);
  });
});
