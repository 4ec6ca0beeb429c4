import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { java } from '../../../tuple/index.ts';
import { parseMessage } from './messages.ts';

interface WrongMessage {
  readonly definition: string;
  readonly because: string;
  readonly message: unknown;
}

const wrongFile = new URL('../../../../multilang/schema/wrong-messages.json', import.meta.url);
const wrong = (JSON.parse(readFileSync(wrongFile, 'utf8')) as { fromChild: WrongMessage[] }).fromChild;

/** Storm takes these all the same, or makes something of them; so do we. */
const tolerated = new Set([
  'id is a number',
  'level is out of range',
  'msg is missing',
  'name is empty',
  'no such command',
  'anchors is a number',
]);

describe('parseMessage', () => {
  for (const { definition, because, message } of wrong) {
    if (tolerated.has(because)) continue;
    it(`refuses a ${definition} of which ${because}, and shows it`, () => {
      assert.throws(() => parseMessage(JSON.stringify(message)), {
        code: 'CHILD_SPOKE_NONSENSE',
        message: /^wrote .*: "/,
      });
    });
  }

  it('fills in what an emit leaves out', () => {
    const expected = {
      kind: 'emit',
      stream: 'default',
      task: 0,
      anchors: [],
      idText: undefined,
      needsTaskIds: true,
      values: [java.int(1)],
    };
    assert.deepEqual(parseMessage('{"command":"emit","tuple":[1]}'), expected);
    const nulls = '{"command":"emit","tuple":[1],"stream":null,"task":null,"anchors":null,"id":null}';
    assert.deepEqual(parseMessage(nulls), expected);
  });

  it('keeps the digits of a message id', () => {
    const message = parseMessage('{"command":"emit","tuple":[],"id":{"a":1.0,"b":12345678901234567890}}');
    assert.equal(message.kind === 'emit' && message.idText, '{"a":1.0,"b":12345678901234567890}');
  });

  it('takes numbers for the ids of tuples, and any level', () => {
    assert.deepEqual(parseMessage('{"command":"ack","id":5}'), { kind: 'ack', id: '5' });
    assert.deepEqual(parseMessage('{"command":"log","msg":"x","level":9}'), {
      kind: 'log',
      text: 'x',
      level: 2,
    });
    assert.deepEqual(parseMessage('{"command":"log","msg":5}'), { kind: 'log', text: '5', level: 2 });
  });

  it('reads fields of messages whose values need their digits kept', () => {
    const message = parseMessage('{"command":"emit","tuple":[1.0],"task":7,"anchors":["1"]}');
    assert.ok(message.kind === 'emit');
    assert.deepEqual([message.task, message.anchors, message.values], [7, ['1'], [java.double(1)]]);
  });

  it('takes JSON over several lines', () => {
    assert.deepEqual(parseMessage('\n{"command":\r\n "sync"\n}'), { kind: 'sync' });
  });
});
