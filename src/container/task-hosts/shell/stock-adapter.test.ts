import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queuesTaskIds } from './stock-adapter.ts';

const stockAdapter = readFileSync(
  new URL('../../../../build/test-jars/resources/storm.py', import.meta.url),
  'utf8',
);

describe('queuesTaskIds', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egret-adapter-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  }

  it("finds Storm's storm.py beside a script that imports it, in either form", async () => {
    write({
      'storm.py': stockAdapter,
      'a.py': '#!/usr/bin/python\nimport storm\n',
      'b.py': 'from storm import Bolt\n',
    });
    assert.ok(await queuesTaskIds('a.py', directory));
    assert.ok(await queuesTaskIds(join(directory, 'b.py'), '/'));
  });

  it('takes no other adapter for it', async () => {
    write({ 'a.py': 'import storm\n', 'b.py': 'import stormy\n', 'c.js': "require('./storm.js')\n" });
    assert.ok(!(await queuesTaskIds('a.py', directory)), 'without a storm.py');
    write({
      'storm.py': stockAdapter.replaceAll('pending_taskids.append(msg)', 'raise Exception("no emit waits")'),
    });
    assert.ok(!(await queuesTaskIds('a.py', directory)), 'with one that keeps no lists');
    write({ 'storm.py': stockAdapter });
    for (const script of ['b.py', 'c.js', 'none.py', ''])
      assert.ok(!(await queuesTaskIds(script, directory)), script);
  });
});
