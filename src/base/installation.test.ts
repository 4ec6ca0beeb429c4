import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findInstallation, setupCommand } from './installation.ts';

describe('an installation', () => {
  let directory = '';
  let file = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egret-installation-'));
    file = join(directory, 'build', 'native', 'egret-contain');
    mkdirSync(join(directory, 'build', 'js', 'bin'), { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{}');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is an npm package where there are no sources, and names its own script', () => {
    assert.deepEqual(findInstallation(join(directory, 'build', 'js', 'bin')), {
      directory,
      isCheckout: false,
    });
    assert.equal(setupCommand(file), `node ${join(directory, 'scripts', 'postinstall.mjs')}`);
  });

  it('is a checkout where the sources can be compiled, and names npm run setup', () => {
    writeFileSync(join(directory, 'tsconfig.json'), '{}');
    assert.deepEqual(findInstallation(join(directory, 'build', 'js', 'bin')), {
      directory,
      isCheckout: true,
    });
    assert.equal(setupCommand(file), 'npm run setup');
  });
});
