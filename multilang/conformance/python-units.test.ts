import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const python = fileURLToPath(new URL('../python', import.meta.url));

describe('python package', () => {
  it('passes its own tests', () => {
    const args = ['-W', 'error', '-m', 'unittest', 'discover', '-s', 'tests'];
    const env = { ...process.env, PYTHONPATH: 'src' };
    const { status, stderr } = spawnSync('python3', args, { cwd: python, env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /Ran [1-9]\d* tests/);
  });
});
