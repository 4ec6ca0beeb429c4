import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamManagers } from '../../testing/stream-managers.ts';
import { readTopology } from './prepare.ts';

describe('readTopology', () => {
  it('names the file, the place and what was expected there when topology.json is damaged', () => {
    const codeDir = mkdtempSync(join(tmpdir(), 'egret-code-'));
    const spec = { ...new StreamManagers({ tasks: { 1: [1] } }).spec(1), codeDir };
    try {
      writeFileSync(join(codeDir, 'topology.json'), '{"components":[{"id":"a","kind":"spoon"}]}');
      assert.throws(() => readTopology(spec), {
        code: 'CONFIG_UNREADABLE',
        message: /topology\.json is not a topology: .*kind/,
      });
    } finally {
      rmSync(codeDir, { recursive: true });
    }
  });
});
