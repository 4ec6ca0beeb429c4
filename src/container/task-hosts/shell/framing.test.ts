import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MessageFramer } from './framing.ts';

function feed(
  chunks: readonly Buffer[],
  messageBytesMax = 1 << 20,
): { messages: string[]; unfinished: string } {
  const messages: string[] = [];
  const framer = new MessageFramer({ messageBytesMax, onMessage: (text) => messages.push(text) });
  for (const chunk of chunks) framer.feed(chunk);
  return { messages, unfinished: framer.unfinished };
}

/** Cuts `bytes` at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

describe('MessageFramer', () => {
  it('gives back the same messages wherever the stream is cut', () => {
    const line = fc.string({ unit: 'binary' }).map((text) => JSON.stringify({ text }));
    const message = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n'));
    const lineFeed = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat()), lineFeed, (messages, places, feedLine) => {
        const bytes = Buffer.from(messages.map((text) => `${text}\nend${feedLine}`).join(''));
        assert.deepEqual(feed(cut(bytes, places)).messages, messages);
      }),
    );
  });

  it('gives back the same messages when fed one byte at a time', () => {
    const bytes = Buffer.from('{"a":"ä€😀"}\nend\nend\n{"end\\nend":\n1}\r\nend\r\n');
    assert.deepEqual(feed([...bytes].map((byte) => Buffer.from([byte]))).messages, [
      '{"a":"ä€😀"}',
      '',
      '{"end\\nend":\n1}\r',
    ]);
  });

  it('takes only a line that is all "end" for the end', () => {
    const text = '["\n endless\nendend\nend \n xend\n"]';
    assert.deepEqual(feed([Buffer.from(`${text}\nend\n`)]).messages, [text]);
  });

  it('keeps the beginning of a message without an end for the error', () => {
    assert.match(feed([Buffer.from('Traceback: oh\nno')]).unfinished, /Traceback: oh\\nno/);
  });

  it('refuses a message above the limit, naming the limit and showing its beginning', () => {
    const chunk = Buffer.alloc(600, 'x');
    assert.throws(() => feed([chunk, chunk], 1000), {
      code: 'CHILD_SPOKE_NONSENSE',
      message: /1200 characters.*at most 1000.*egret\.shell\.message\.max\.bytes.*xxxx/,
    });
  });

  it('looks through a large message once', () => {
    const pieces = Array.from({ length: 4000 }, () => Buffer.alloc(4096, 'y'));
    const { messages } = feed([...pieces, Buffer.from('\nend\n')], 64 << 20);
    assert.equal(messages[0]!.length, 4000 * 4096);
  });
});
