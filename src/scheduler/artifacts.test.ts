import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { systemClock } from '../base/index.ts';
import { MemoryStore } from '../coordination/index.ts';
import { keys, RecordStore } from '../records/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { decideCleaning, type WorkerDirectory } from './artifacts.ts';
import { ArtifactsCleaner } from './artifacts-cleaner.ts';

const nowMs = 1_000_000;
const limits = { ageMsMax: 1000, workerBytesMax: 100, sumBytesMax: 250 };
const directory = (
  topologyId: string,
  files: Record<string, readonly [bytes: number, ageMs: number]>,
): WorkerDirectory => ({
  ...{ topologyId, port: '6700', changedAtMs: 0 },
  files: Object.entries(files).map(([name, [bytes, ageMs]]) => ({ name, bytes, changedAtMs: nowMs - ageMs })),
});

describe('the logs of workers', () => {
  const decide = (directories: readonly WorkerDirectory[], alive: readonly string[]) => {
    const cleaning = decideCleaning(directories, new Set(alive), { nowMs, limits });
    return [
      cleaning.directories.map(({ topologyId }) => topologyId),
      cleaning.files.map(({ directory: { topologyId }, file: { name } }) => `${topologyId} ${name}`),
    ];
  };

  it('go by age with a topology that is gone, when its newest file is old', () => {
    const old = { 'worker.log': [10, 1001] } as const;
    assert.deepEqual(decide([directory('a', old)], []), [['a'], []]);
    assert.deepEqual(decide([directory('a', old)], ['a']), [[], []]);
    assert.deepEqual(decide([directory('a', { ...old, 'gc.log': [1, 1000] })], []), [[], []]);
  });

  it('go by size, the oldest first, never what a living worker writes to', () => {
    const files = {
      'worker.log': [60, 900],
      'worker.log.1.gz': [30, 800],
      'worker.log.2.gz': [30, 850],
    } as const;
    assert.deepEqual(decide([directory('a', files)], ['a']), [[], ['a worker.log.2.gz']]);
    assert.deepEqual(decide([directory('a', files)], []), [[], ['a worker.log']]);
    const four = ['a', 'b', 'c', 'd'].map((id, at) =>
      directory(id, { 'x.gz': [90, at], 'worker.log': [1, 999] }),
    );
    assert.deepEqual(decide(four, ['a', 'b', 'c', 'd']), [[], ['d x.gz', 'c x.gz']]);
  });

  it('stay within the limits as far as there is anything to remove, whatever they are', () => {
    const file = fc.record({
      name: fc.constantFrom('worker.log', 'worker.log.1.gz', 'a.yaml', 'heap'),
      bytes: fc.nat({ max: 90 }),
      changedAtMs: fc.integer({ min: nowMs - 2000, max: nowMs }),
    });
    const dir = fc.record({
      topologyId: fc.constantFrom('a', 'b', 'c'),
      port: fc.constantFrom('1', '2'),
      files: fc.uniqueArray(file, { selector: ({ name }) => name, maxLength: 4 }),
      changedAtMs: fc.constant(0),
    });
    fc.assert(
      fc.property(fc.array(dir, { maxLength: 6 }), fc.subarray(['a', 'b', 'c']), (directories, alive) => {
        const cleaning = decideCleaning(directories, new Set(alive), { nowMs, limits });
        assert.ok(cleaning.directories.every(({ topologyId }) => !alive.includes(topologyId)));
        const gone = new Set(cleaning.files.map(({ file: each }) => each));
        assert.equal(gone.size, cleaning.files.length);
        const left = directories
          .filter((each) => !cleaning.directories.includes(each))
          .flatMap(({ topologyId, files }) =>
            files.filter((each) => !gone.has(each)).map((each) => ({ topologyId, ...each })),
          );
        const sum = left.reduce((total, { bytes }) => total + bytes, 0);
        const isWritten = (each: { topologyId: string; name: string }): boolean =>
          alive.includes(each.topologyId) && /log$|yaml$/.test(each.name);
        assert.ok(sum <= limits.sumBytesMax || left.every(isWritten));
        assert.ok(
          cleaning.files.every(
            ({ directory: { topologyId }, file: { name } }) => !isWritten({ topologyId, name }),
          ),
        );
      }),
    );
  });
});

describe('the cleaner of logs', () => {
  let dir: string;
  let store: MemoryStore;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-artifacts-'));
    store = new MemoryStore(systemClock);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('removes at its interval what is old, with the empty directory, and touches nothing else', async () => {
    const clock = new ManualClock();
    const make = (path: string, ageMs = 5000): void => {
      mkdirSync(join(dir, path, '..'), { recursive: true });
      writeFileSync(join(dir, path), 'x');
      const at = (clock.nowMs() - ageMs) / 1000;
      for (const each of [path, join(path, '..')]) utimesSync(join(dir, each), at, at);
    };
    for (const id of ['gone', 'alive', 'broken']) make(`${id}/6700/worker.log`);
    make('recent/6700/worker.log', -5000);
    make('strange/notes/file');
    make('file');
    symlinkSync(join(dir, 'strange'), join(dir, 'link'));
    await store.put(keys.topology('alive').path, {});
    await store.put(keys.topology('broken').path, null);
    const log = recordingLog();
    const cleaner = new ArtifactsCleaner({
      ...{ clock, log, store: new RecordStore(store), artifactsDir: dir, everyMs: 600 },
      limits: { ageMsMax: 1000, workerBytesMax: 1e9, sumBytesMax: 1e9 },
    });
    const before = readdirSync(dir, { recursive: true });
    clock.advance(600);
    await cleaner.run();
    assert.deepEqual(readdirSync(dir, { recursive: true }), before, 'an emptied store says nothing');
    await store.put(keys.marker.path, { id: 'one', madeAtMs: 0 });
    clock.advance(600);
    await cleaner.run();
    assert.deepEqual(readdirSync(dir).sort(), ['alive', 'broken', 'file', 'link', 'recent', 'strange']);
    assert.ok(existsSync(join(dir, 'strange', 'notes', 'file')));
    assert.deepEqual(log.lines, [{ event: 'artifacts.cleaned', directories: 1, files: 0, bytes: 1 }]);
    await cleaner.close();
  });
});
