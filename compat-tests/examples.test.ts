import assert from 'node:assert/strict';
import { join } from 'node:path';
import { closeLeavingNothing } from './bad-luck.ts';
import { killTopology } from './nimbus.ts';
import { eventually } from './records.ts';
import { stormJar } from './storm-client.ts';
import { root, target } from './target.ts';
import { countWords, readCounts, total } from './word-count-file.ts';

const jar = join(root, 'build', 'java', 'egret-examples.jar');
const text = join(root, 'examples', 'texts', 'address.txt');
const cppBolt = join(root, 'build', 'cpp', 'examples', 'word_count');
const onceThrough = '0';

/** The examples as a user submits them, on a text that is read once. */
describe('examples', () => {
  after(closeLeavingNothing);

  const mains = [
    ['WordCount: a Java spout, Python split, C++ count, a Java sink', 'WordCount', [cppBolt]],
    ['JavaWordCount: every part in Java', 'JavaWordCount', []],
  ] as const;
  for (const [what, main, more] of mains) {
    for (const workers of [1, 2]) {
      it(`${what}, on ${workers} ${workers === 1 ? 'worker' : 'workers'}: the counts are those of the text`, async () => {
        const { scratch } = await target();
        const name = `${main}-${workers}-${process.pid}`;
        const output = join(scratch, `${name}.txt`);
        const args = [name, text, output, ...more, onceThrough, String(workers)];
        const result = await stormJar(jar, `egret.examples.${main}`, args);
        assert.equal(result.code, 0, result.output);
        const expected = countWords(text);
        try {
          await eventually('as many words as the text has', () =>
            total(readCounts(output)) >= total(expected) ? true : undefined,
          );
          assert.deepEqual(readCounts(output), expected);
        } finally {
          await killTopology(name, 0);
        }
      });
    }
  }
});
