import assert from 'node:assert/strict';
import { type Adapter, ownAdapters, stockAdapters } from './adapters.ts';
import { Parent } from './parent.ts';
import { definitionNames, examplesOf, faultIn, wrongMessages } from './schema.ts';

let parent: Parent | undefined;

afterEach(() => Parent.endAll());

describe('multilang schema', () => {
  it('accepts its own examples and refuses every wrong message', () => {
    for (const name of definitionNames)
      for (const example of safeExamplesOf(name)) assert.equal(faultIn(name, example), undefined, name);
    for (const { definition, because, message } of [...wrongMessages.toChild, ...wrongMessages.fromChild])
      assert.notEqual(faultIn(definition, message), undefined, `${definition}: ${because}`);
  });
});

for (const adapter of ownAdapters) {
  describe(`multilang faults: ${adapter.name}`, () => {
    describeEnds(adapter);
    describeExceptions(adapter);
    describeWrongMessages(adapter);
  });
}

for (const adapter of stockAdapters() ?? []) {
  describe(`multilang faults: ${adapter.name}`, () => {
    it('ends when its input ends', async () => {
      parent = await Parent.start(adapter, 'basic');
      parent.endInput();
      assert.equal((await parent.exit()).code, 0);
    });
  });
}

function describeEnds(adapter: Adapter): void {
  for (const kind of adapter.kinds) {
    it(`ends with 0 and without a word when its input ends (${kind})`, async () => {
      parent = await Parent.start(adapter, kind);
      parent.endInput();
      const { code, rest } = await parent.exit();
      assert.deepEqual([code, rest.filter(({ command }) => command !== 'log')], [0, []]);
      assert.equal(parent.stderr, '');
    });
  }

  it('ends with 0 when the input ends before the handshake or within a message', async () => {
    for (const begun of ['', '{"pidDir":"/t', '{"pidDir":"/tmp"}\nen']) {
      parent = new Parent(adapter, 'basic');
      parent.sendBytes(begun);
      parent.endInput();
      assert.deepEqual(await parent.exit(), { code: 0, signal: null, rest: [] });
      assert.equal(parent.stderr, '');
    }
  });

  it('exits with 0 and prints nothing when the parent stops reading', async () => {
    parent = await Parent.start(adapter, 'basic');
    parent.closeOutput();
    const text = 'x'.repeat(1000);
    for (let id = 1; id <= 200; id++) parent.sendTuple(String(id), 'echo', text);
    assert.equal((await parent.exit()).code, 0);
    assert.equal(parent.stderr, '');
  });
}

function describeExceptions(adapter: Adapter): void {
  it('answers the handshake, then reports an exception out of initialize and ends with 1', async () => {
    for (const kind of adapter.kinds) {
      parent = new Parent(adapter, kind);
      parent.send(parent.handshake({ 'probe.fail.initialize': true }));
      assert.deepEqual((await parent.next()).message, { pid: parent.pid });
      const { message } = await parent.next();
      assert.equal(message['command'], 'error');
      assert.match(String(message['msg']), /requested failure in initialize/);
      assert.deepEqual(await parent.exit(), { code: 1, signal: null, rest: [] });
    }
  });

  it('says on stderr why it cannot leave its pid file, and ends with 1', async () => {
    parent = new Parent(adapter, 'basic');
    parent.send({ ...parent.handshake(), pidDir: '/no/such/directory' });
    assert.deepEqual(await parent.exit(), { code: 1, signal: null, rest: [] });
    assert.match(parent.stderr, /\/no\/such\/directory/);
  });

  if (adapter.kinds.includes('bolt')) {
    it('reports an exception out of process, fails the tuple and ends with 1 (bolt)', async () => {
      parent = await Parent.start(adapter, 'bolt');
      await parent.next();
      parent.sendTuple('1', 'throw', 'requested exception');
      const { message } = await parent.next();
      assert.equal(message['command'], 'error');
      assert.match(String(message['msg']), /requested exception/);
      assert.deepEqual((await parent.next()).message, { command: 'fail', id: '1' });
      assert.deepEqual(await parent.exit(), { code: 1, signal: null, rest: [] });
    });
  }

  if (adapter.name === 'python') {
    it('names the value that cannot travel as JSON', async () => {
      parent = await Parent.start(adapter, 'bolt');
      await parent.next();
      parent.sendTuple('1', 'bytes');
      assert.match(
        String((await parent.next()).message['msg']),
        /value 0 of the tuple cannot travel as JSON.*bytes/,
      );
    });
  }

  if (adapter.name === 'cpp') {
    it('replaces bytes that are no UTF-8, and names a value of another type', async () => {
      parent = await Parent.start(adapter, 'bolt');
      await parent.next();
      parent.sendTuple('1', 'bytes');
      assert.deepEqual((await parent.next()).message['tuple'], ['\ufffd\ufffd broken']);
      parent = await Parent.start(adapter, 'basic');
      for (const value of ['x', 2147483648, 1.5, null, [1]]) {
        parent.sendTuple('2', 'mistype', value);
        const [error] = await parent.nextUntil('fail');
        assert.match(String(error!['msg']), /expected value 1 of a tuple of source to be a whole number/);
      }
    });
  }
}

function describeWrongMessages(adapter: Adapter): void {
  const bolt = adapter.kinds.includes('bolt') ? 'bolt' : 'basic';

  /**
   * Starts a probe, sends `text` as its next message and holds it to saying what is wrong and ending with 1.
   */
  const expectRefusal = async (kind: 'bolt' | 'basic' | 'spout', text: string) => {
    parent = await Parent.start(adapter, kind);
    parent.sendText(text);
    const messages = await parent.nextUntil('error');
    assert.match(String(messages.at(-1)!['msg']), /expected|got/);
    const { code, signal, rest } = await parent.exit();
    assert.deepEqual([code, signal, rest], [1, null, []]);
  };

  for (const { definition, because, message } of wrongMessages.toChild) {
    it(`refuses a wrong ${definition}: ${because}`, async () => {
      const text = JSON.stringify(message);
      if (definition === 'Handshake') {
        parent = new Parent(adapter, 'basic');
        parent.sendText(text);
        assert.deepEqual(await parent.exit(), { code: 1, signal: null, rest: [] });
        assert.match(parent.stderr, /expected the handshake/);
      } else if (definition === 'TaskIds') {
        parent = await Parent.start(adapter, 'basic');
        parent.holdAnswers();
        parent.sendTuple('1', 'ids', 'x');
        await parent.nextUntil('emit');
        parent.sendText(text);
        const messages = await parent.nextUntil('error');
        assert.match(String(messages.at(-1)!['msg']), /task ids/);
        // a basic bolt may blame the tuple in hand, but must not continue as if it knew the ids
        parent.endInput();
        const { rest } = await parent.exit();
        assert.deepEqual(
          rest.filter(({ command }) => command === 'ack' || command === 'log'),
          [],
        );
      } else {
        await expectRefusal(definition === 'BoltInput' ? bolt : 'spout', text);
      }
    });
  }

  it('refuses what is no JSON, no message, or nested beyond measure', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    for (const text of ['', 'garbage', '{"id":', 'null', '17', '"sync"', '[4,5]', '{}', deep])
      for (const kind of [bolt, 'spout'] as const) await expectRefusal(kind, text);
  });
}

/** Definitions that only group others have no examples of their own. */
function safeExamplesOf(name: string): readonly unknown[] {
  try {
    return examplesOf(name);
  } catch {
    return [];
  }
}
