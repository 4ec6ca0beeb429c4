import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseJsonObject, readRegularFile, readRegularFileSync } from './index.ts';

describe('a file that is read whole', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-file-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const both = async (name: string, bytesMax: number): Promise<(Buffer | Error)[]> => {
    const file = join(dir, name);
    const asError = (error: unknown): Error => error as Error;
    let now: Buffer | Error;
    try {
      now = readRegularFileSync(file, bytesMax);
    } catch (error) {
      now = asError(error);
    }
    return [await readRegularFile(file, bytesMax).catch(asError), now];
  };

  it('is read up to the size allowed, and refused above it', async () => {
    writeFileSync(join(dir, 'f'), 'abcd');
    for (const read of await both('f', 4)) assert.equal(String(read), 'abcd');
    for (const read of await both('f', 3)) {
      assert.match(String(read), /\/f has 4 bytes, more than the 3 allowed/);
    }
  });

  it('is a regular file: a pipe does not block, a directory and a device are refused', async () => {
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    mkdirSync(join(dir, 'dir'));
    for (const name of ['pipe', 'dir', relative(dir, '/dev/zero')]) {
      for (const read of await both(name, 100)) assert.match(String(read), /is not a regular file/);
    }
  });

  it('keeps the code of Node where it is missing', async () => {
    for (const read of await both('none', 4)) assert.equal((read as NodeJS.ErrnoException).code, 'ENOENT');
  });

  it('is named where it is not a JSON object', () => {
    const parse = (text: string) => parseJsonObject('/x/topology.json', Buffer.from(text));
    assert.deepEqual(parse('{"a":1}'), { a: 1 });
    assert.throws(() => parse('{"a":"b'), {
      code: 'CONFIG_UNREADABLE',
      message: 'cannot read /x/topology.json',
    });
    assert.throws(() => parse('[1]'), { message: '/x/topology.json does not hold a JSON object' });
  });
});
