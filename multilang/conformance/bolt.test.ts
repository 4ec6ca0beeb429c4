import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Adapter, ownAdapters, stockAdapters } from './adapters.ts';
import { Parent, taskIds } from './parent.ts';
import { examplesOf } from './schema.ts';

const stock = stockAdapters();
let parent: Parent | undefined;

afterEach(() => Parent.endAll());

for (const adapter of [...ownAdapters, ...(stock ?? [])]) {
  describe(`multilang bolts: ${adapter.name}`, () => {
    describeHandshake(adapter);
    describeValues(adapter);
    if (adapter.kinds.includes('bolt')) describe('acking by hand', () => describeBolt(adapter));
    describeBasicBolt(adapter);
    if (adapter.origin === 'ours') describeCare(adapter);
  });
}

describe("multilang bolts: Storm's own adapters", () => {
  it('are there', function () {
    if (stock === undefined) this.skip(); // the set-up has not built the topology jar that holds them
    assert.equal(stock.length, 2);
  });
});

function describeHandshake(adapter: Adapter): void {
  it('answers the handshake with its pid and leaves an empty file of that name', async () => {
    parent = new Parent(adapter, 'basic');
    parent.send({ ...(examplesOf('Handshake')[0] as object), pidDir: parent.pidDir });
    assert.deepEqual((await parent.next()).message, { pid: parent.pid });
    // storm.py creates the file after the answer, so the test waits for the answer to one more message.
    parent.send(examplesOf('Heartbeat')[0]);
    assert.deepEqual((await parent.next()).message, { command: 'sync' });
    assert.deepEqual(readdirSync(parent.pidDir), [String(parent.pid)]);
    assert.equal(statSync(join(parent.pidDir, String(parent.pid))).size, 0);
  });

  it('takes messages that span lines and come in pieces', async () => {
    parent = new Parent(adapter, 'basic');
    const lines = JSON.stringify(parent.handshake(), null, 2);
    const input = `${lines}\nend\n{"id":"1","comp":"source",\n"stream":"default","task":2,\n\n"tuple":["echo","größer 𝄞"]}\nend\n`;
    for (const byte of Buffer.from(input)) {
      parent.sendBytes(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual((await parent.next()).message, { pid: parent.pid });
    assert.deepEqual((await parent.nextUntil('ack'))[0]!['tuple'], ['größer 𝄞']);
  });

  it('answers a heartbeat with sync', async () => {
    parent = await Parent.start(adapter, 'basic');
    for (const heartbeat of examplesOf('Heartbeat')) {
      parent.send(heartbeat);
      assert.deepEqual((await parent.next()).message, { command: 'sync' });
    }
  });
}

function describeValues(adapter: Adapter): void {
  const emitsOf = async (...values: readonly unknown[]) => {
    parent = await Parent.start(adapter, 'basic');
    parent.sendTuple('1', 'echo', ...values);
    return (await parent.next()).message['tuple'];
  };

  it('carries text of every script, control characters and the line "end" unharmed', async () => {
    const texts = [
      '',
      'größer',
      '漢字 𝄞',
      'a\nend\nb',
      'quote " backslash \\ slash / tab \t nul \u0000',
      '\u2028',
    ];
    assert.deepEqual(await emitsOf(...texts), texts);
  });

  it('carries null, booleans, numbers and nested lists and objects unharmed', async () => {
    const values = [
      null,
      true,
      false,
      0,
      -1,
      2147483648,
      1.5,
      -2.5e-300,
      [],
      {},
      [[1, [2]], { a: [null], b: {} }],
    ];
    assert.deepEqual(await emitsOf(...values), values);
  });

  it('carries numbers as exactly as it says it does', async () => {
    const numbers = [
      ...(adapter.keepsBigIntegers
        ? ['9223372036854775807', '-9223372036854775808', '9007199254740993']
        : []),
      ...(adapter.keepsWholeFloats ? ['1.0', '-3.0'] : []),
      '9007199254740991',
    ];
    parent = await Parent.start(adapter, 'basic');
    parent.sendText(
      `{"id":"1","comp":"a","stream":"default","task":2,"tuple":["echo",${numbers.join()},[${numbers.join()}]]}`,
    );
    const text = (await parent.next()).text.replaceAll(' ', '');
    assert.ok(text.includes(`"tuple":[${numbers.join()},[${numbers.join()}]]`), text);
  });

  if (adapter.keepsWords) {
    it('carries NaN and infinities as the words that Storm and Python write, and such words in texts', async () => {
      parent = await Parent.start(adapter, 'basic');
      const values = '[NaN,[Infinity,-Infinity],{"NaN":NaN},"NaN, Infinity\\",[NaN"]';
      parent.sendText(`{"id":"1","comp":"a","stream":"default","task":2,"tuple":["echo",${values}]}`);
      const { text } = await parent.next();
      assert.ok(
        text
          .replaceAll(': ', ':')
          .replaceAll(/, (?=[^I])/g, ',')
          .includes(values),
        text,
      );
    });
  }

  it('carries any JSON', async () => {
    parent = await Parent.start(adapter, 'basic');
    const { send, next } = { send: parent.sendTuple.bind(parent), next: parent.nextUntil.bind(parent) };
    const value = fc.jsonValue({ maxDepth: 4 }).map((json) => JSON.parse(JSON.stringify(json)) as unknown);
    await fc.assert(
      fc.asyncProperty(value, async (json) => {
        send('1', 'echo', json);
        assert.deepEqual((await next('ack'))[0]!['tuple'], [json]);
      }),
      { numRuns: 50 },
    );
  });
}

function describeBolt(adapter: Adapter): void {
  beforeEach(async () => {
    parent = await Parent.start(adapter, 'bolt', { 'probe.text': 'from the conf' });
    assert.deepEqual((await parent.next()).message, {
      command: 'log',
      msg: 'initialize 3 from the conf',
      level: 2,
    });
  });

  it('takes every example of a tuple in the schema', async () => {
    for (const example of examplesOf('BoltInput') as readonly { id: string; stream: string }[]) {
      parent!.send(example);
      const messages = await parent!.nextUntil('ack');
      assert.equal(messages.at(-1)!['id'], example.id);
      if (example.stream === '__tick') assert.deepEqual(messages[0]!['tuple'], ['tick', 5]);
    }
  });

  it('anchors to the tuple in hand, to several tuples, or to none', async () => {
    parent!.sendTuple('1', 'echo', 'x');
    const [echoed] = await parent!.nextUntil('ack');
    assert.deepEqual(echoed!['anchors'], ['1']);
    parent!.sendTuple('2', 'hold');
    parent!.sendTuple('3', 'hold');
    parent!.sendTuple('4', 'join', 'y');
    assert.deepEqual((await parent!.next()).message['anchors'], ['2', '3', '4']);
    for (const id of ['2', '3', '4'])
      assert.deepEqual((await parent!.next()).message, { command: 'ack', id });
    parent!.sendTuple('5', 'unanchored', 'z');
    assert.deepEqual((await parent!.next()).message['anchors'], []);
  });

  it('names the stream of an emit', async () => {
    parent!.sendTuple('1', 'on', 'other', 'x');
    const [emit] = await parent!.nextUntil('ack');
    assert.equal(emit!['stream'], 'other');
  });

  it('hands the task ids of an emit to the component', async () => {
    parent!.sendTuple('1', 'ids', 'x');
    const messages = await parent!.nextUntil('ack');
    assert.equal(String(messages[1]!['msg']).replaceAll(' ', ''), `ids${JSON.stringify(taskIds)}`);
  });

  it('emits to one task without waiting for task ids', async () => {
    parent!.sendTuple('1', 'direct', 9, 'x');
    const [emit, ack] = await parent!.nextUntil('ack');
    assert.deepEqual([emit!['task'], emit!['tuple'], emit!['anchors']], [9, ['x'], ['1']]);
    assert.equal(ack!['id'], '1');
  });

  it('fails a tuple', async () => {
    parent!.sendTuple('1', 'fail');
    assert.deepEqual((await parent!.next()).message, { command: 'fail', id: '1' });
  });

  it('logs at every level', async () => {
    for (const level of [0, 1, 2, 3, 4]) {
      parent!.sendTuple(String(level), 'log', level, `größer ${level}`);
      const [log] = await parent!.nextUntil('ack');
      assert.deepEqual(log, { command: 'log', msg: `größer ${level}`, level });
    }
  });

  it('reports errors and updates metrics', async () => {
    parent!.sendTuple('1', 'error', 'no such file');
    assert.deepEqual((await parent!.nextUntil('ack'))[0], { command: 'error', msg: 'no such file' });
    for (const params of [1, 2.5, 'x', null, { a: [1] }]) {
      parent!.sendTuple('2', 'metric', 'lines', params);
      assert.deepEqual((await parent!.nextUntil('ack'))[0], { command: 'metrics', name: 'lines', params });
    }
  });
}

function describeBasicBolt(adapter: Adapter): void {
  it('anchors emits to the tuple in hand and acks it after them (basic bolt)', async () => {
    parent = await Parent.start(adapter, 'basic');
    parent.sendTuple('1', 'echo', 'x');
    parent.sendTuple('2', 'on', 'other', 'y');
    parent.sendTuple('3', 'direct', 9, 'z');
    const messages: Record<string, unknown>[] = [];
    while (messages.filter(({ command }) => command === 'ack').length < 3)
      messages.push((await parent.next()).message);
    const emits = messages.filter(({ command }) => command === 'emit');
    assert.deepEqual(
      emits.map(({ tuple, anchors }) => [tuple, anchors]),
      [
        [['x'], ['1']],
        [['y'], ['2']],
        [['z'], ['3']],
      ],
    );
    assert.deepEqual([emits[1]!['stream'], emits[2]!['task']], ['other', 9]);
    for (const [index, id] of ['1', '2', '3'].entries()) {
      const acked = messages.findIndex((message) => message['command'] === 'ack' && message['id'] === id);
      assert.ok(acked > messages.indexOf(emits[index]!));
    }
  });

  it('fails the tuple whose processing threw, and continues with the next (basic bolt)', async () => {
    parent = await Parent.start(adapter, 'basic');
    parent.sendTuple('1', 'throw', 'requested exception');
    const messages = await parent.nextUntil('fail');
    assert.equal(messages.at(-1)!['id'], '1');
    if (adapter.name !== "Storm's storm.js") assert.match(String(messages[0]!['msg']), /requested exception/);
    parent.sendTuple('2', 'echo', 'x');
    assert.equal((await parent.nextUntil('ack')).at(-1)!['id'], '2');
  });

  it('hands ticks to the component and acks them (basic bolt)', async () => {
    parent = await Parent.start(adapter, 'basic');
    parent.send({ id: '1', comp: '__system', stream: '__tick', task: -1, tuple: [5] });
    const [emit, ack] = await parent.nextUntil('ack');
    assert.deepEqual([emit!['tuple'], ack!['id']], [['tick', 5], '1']);
  });

  it('hands the task ids of an emit to the component, tuples in between or not (basic bolt)', async () => {
    parent = await Parent.start(adapter, 'basic');
    parent.holdAnswers();
    parent.sendTuple('1', 'ids', 'x');
    assert.deepEqual((await parent.next()).message['tuple'], ['x']);
    parent.sendTuple('2', 'direct', 9, 'y');
    parent.answer();
    const messages = [...(await parent.nextUntil('ack')), ...(await parent.nextUntil('ack'))];
    assert.deepEqual(
      new Set(messages.filter((m) => m['command'] === 'ack').map((m) => m['id'])),
      new Set(['1', '2']),
    );
    const logged = messages.find(({ command }) => command === 'log');
    assert.equal(String(logged!['msg']).replaceAll(' ', ''), `ids${JSON.stringify(taskIds)}`);
  });
}

/** What Storm's own adapters do not promise. */
function describeCare(adapter: Adapter): void {
  const kind = adapter.kinds.includes('bolt') ? 'bolt' : 'basic';

  it('takes lines ended by CR LF', async () => {
    parent = new Parent(adapter, 'basic');
    const handshake = JSON.stringify(parent.handshake(), null, 1).replaceAll('\n', '\r\n');
    const heartbeat = JSON.stringify(examplesOf('Heartbeat')[0]);
    parent.sendBytes(`${handshake}\r\nend\r`);
    parent.sendBytes(`\n${heartbeat}\r\nend\r\n`);
    assert.deepEqual((await parent.next()).message, { pid: parent.pid });
    assert.deepEqual((await parent.next()).message, { command: 'sync' });
  });

  it('asks for task ids only when the component wants them', async () => {
    parent = await Parent.start(adapter, 'basic');
    parent.sendTuple('1', 'echo', 'x');
    const [emit] = await parent.nextUntil('ack');
    assert.equal(emit!['need_task_ids'], !adapter.asksOnlyWhenTold);
    parent.sendTuple('2', 'ids', 'y');
    assert.equal((await parent.next()).message['need_task_ids'], true);
  });

  if (kind === 'bolt') {
    it('answers for a tuple once, whatever the component does after (basic bolt)', async () => {
      parent = await Parent.start(adapter, 'basic');
      parent.sendTuple('1', 'fail');
      parent.sendTuple('2', 'echo', 'x');
      const messages = await parent.nextUntil('ack');
      assert.deepEqual(
        messages.map(({ command, id }) => [command, id]),
        [
          ['fail', '1'],
          ['emit', undefined],
          ['ack', '2'],
        ],
      );
    });
  }

  it('answers thousands of tuples that come at once', async () => {
    parent = await Parent.start(adapter, 'basic');
    const ids = Array.from({ length: 5000 }, (_, index) => String(index + 1));
    for (const id of ids) parent.sendTuple(id, 'echo', id);
    const messages: Record<string, unknown>[] = [];
    while (messages.length < 2 * ids.length) messages.push((await parent.next()).message);
    const emits = messages.filter(({ command }) => command === 'emit');
    assert.deepEqual(
      emits.map(({ tuple }) => tuple),
      ids.map((id) => [id]),
    );
    assert.deepEqual(
      messages.filter(({ command }) => command === 'ack').map(({ id }) => id),
      ids,
    );
  });

  if (kind === 'bolt' && adapter.name !== 'python in the place of storm.py') {
    it('keeps what the component prints out of the conversation', async () => {
      parent = await Parent.start(adapter, 'bolt');
      await parent.next();
      parent.sendTuple('1', 'print', 'a stray line');
      assert.deepEqual((await parent.next()).message, { command: 'ack', id: '1' });
      parent.endInput();
      assert.deepEqual(await parent.exit(), { code: 0, signal: null, rest: [] });
      assert.match(parent.stderr, /a stray line/);
      assert.match(parent.stderr, /from a child process/);
    });

    it('gives a sign of life when the component asks for it', async () => {
      parent = await Parent.start(adapter, 'bolt');
      await parent.next();
      parent.sendTuple('1', 'beat');
      assert.deepEqual((await parent.next()).message, { command: 'sync' });
    });
  }
}
