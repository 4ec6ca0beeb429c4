import assert from 'node:assert/strict';
import fc from 'fast-check';
import { shortened, withoutPasswords } from './text.ts';

describe('shortened', () => {
  it('leaves short texts alone and says how much of a long one is missing, keeping both ends', () => {
    assert.equal(shortened('x'.repeat(300), 300), 'x'.repeat(300));
    const text = shortened(`topology ${'K'.repeat(900_000)} is not alive`, 300);
    assert.match(text, /^topology K+\.\.\.\(899722 characters left out\)\.\.\.K+ is not alive$/);
    assert.ok(text.length < 350);
  });

  it('is well-formed wherever it cuts', () => {
    for (const charactersMax of [29, 30, 31]) {
      const text = shortened('😀'.repeat(100), charactersMax);
      assert.equal(Buffer.from(text).toString(), text);
    }
  });
});

describe('withoutPasswords', () => {
  it('hides the password of a URL, and nothing else', () => {
    for (const [text, shown] of [
      ['redis://user:secret@host:6379/0', 'redis://user:***@host:6379/0'],
      ['cannot reach redis://:s3cret@h, "amqp://a:b@c"', 'cannot reach redis://:***@h, "amqp://a:***@c"'],
      ['redis://u:p/a@ss:w@host', 'redis://u:***@host'],
      ['redis://host:6379/0 http://a@b:80 c@d e:f', 'redis://host:6379/0 http://a@b:80 c@d e:f'],
      ['redis://a:b@c,redis://d:e@f', 'redis://a:***@f'],
      ['no url', 'no url'],
    ] as const)
      assert.equal(withoutPasswords(text), shown);
  });

  it('hides any password without blanks and quotes, in any text', () => {
    const word = fc.string({ minLength: 8, maxLength: 20 }).map((text) => text.replaceAll(/[\s"'`<>]/g, '_'));
    fc.assert(
      fc.property(word, fc.string(), fc.string(), (password, before, after) => {
        const text = withoutPasswords(`${before} redis://u:#${password}#@h ${after}`);
        assert.ok(!text.includes(`#${password}#`), text);
      }),
    );
  });

  it('takes time linear in the text', () => {
    const text = `${'://'.repeat(500_000)}${':@'.repeat(500_000)}`;
    assert.equal(withoutPasswords(text), `://:***@`);
  });
});
