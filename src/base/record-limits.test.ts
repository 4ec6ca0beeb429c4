import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordBytesMax } from './record-limits.ts';

const root = new URL('../../', import.meta.url).pathname;
const literal = /1024 \* 1024 - 8192|1_?040_?384/;

describe('the longest record of the log', () => {
  it('is the same for the clients in Java and Python', () => {
    const copies = {
      'clients/java/src/main/java/egret/dlog/StreamWriter.java': /RECORD_BYTES_MAX = ([\d *-]+);/,
      'clients/python/src/egret_dlog/writer.py': /^RECORD_BYTES_MAX = ([\d *-]+)$/m,
    };
    for (const [file, pattern] of Object.entries(copies)) {
      const [, written] = pattern.exec(readFileSync(join(root, file), 'utf8')) ?? [];
      const [, a, b, less] = /^(\d+) \* (\d+) - (\d+)$/.exec(written ?? '') ?? [];
      assert.equal(Number(a) * Number(b) - Number(less), recordBytesMax, file);
    }
  });

  it('is written in one place of the sources', () => {
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
    );
    const written = files.filter((path) => literal.test(readFileSync(join(root, 'src', path), 'utf8')));
    assert.deepEqual(written, ['base/record-limits.ts']);
  });
});
