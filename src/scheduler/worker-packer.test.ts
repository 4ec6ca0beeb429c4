import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { silentLog, systemClock } from '../base/index.ts';
import type { AssignRequest } from './assign.ts';
import { WorkerPacker, type WorkerPackerOptions } from './worker-packer.ts';

describe('packing in a thread of its own', () => {
  let dir: string;
  const opened: WorkerPacker[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-packer-'));
  });
  afterEach(async () => {
    for (const packer of opened.splice(0)) await packer.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = (options: Partial<WorkerPackerOptions> = {}): WorkerPacker => {
    const packer = new WorkerPacker({ clock: systemClock, log: silentLog, ...options });
    opened.push(packer);
    return packer;
  };
  /** Stands in for what packs: what the id of the topology says. */
  const hostile = (): URL => {
    const file = join(dir, 'hostile.mjs');
    writeFileSync(
      file,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', ({ topology, nowMs }) => {
         if (topology.id === 'loop') for (;;);
         if (topology.id === 'memory') for (const all = []; ; ) all.push(new Array(1000).fill(all.length));
         if (topology.id === 'fault') throw new Error('broken');
         if (topology.id === 'end') process.exit(3);
         parentPort.postMessage({ kind: 'assigned', assignment: { reason: 'at ' + nowMs } });
       });
       parentPort.postMessage({ kind: 'ready' });`,
    );
    return pathToFileURL(file);
  };
  const request = (id: string, nowMs = 0): AssignRequest => ({
    topology: { id, name: id, status: 'ACTIVE', owner: 'me', launchedAtSecs: 1, workers: 1 },
    codeDir: join(dir, id),
    freeSlots: [{ nodeId: 'n', hostname: 'h', port: 6700 }],
    before: undefined,
    nowMs,
  });

  it('packs what the code directory says, one topology after the other', async () => {
    mkdirSync(join(dir, 't'));
    const component = {
      ...{ id: 'words', kind: 'spout', parallelismHint: 1, inputs: [], streams: {} },
      implementation: { kind: 'shell', executionCommand: 'python3', script: 'x' },
      conf: { 'topology.tasks': 2 },
    };
    writeFileSync(join(dir, 't', 'topology.json'), JSON.stringify({ components: [component] }));
    writeFileSync(join(dir, 't', 'conf.json'), '{}');
    const packer = open();
    for (const nowMs of [1, 2]) {
      const outcome = await packer.pack(request('t', nowMs));
      assert.ok(outcome.kind === 'assigned');
      assert.equal(outcome.assignment.reason, '');
      assert.equal(outcome.assignment.plan.tasks.length, 2);
    }
    const none = await packer.pack(request('none'));
    assert.ok(none.kind === 'assigned');
    assert.match(none.assignment.reason, /^topology none cannot be packed: cannot read .*none\/.*ENOENT/);
  });

  it('gives up what takes too long or too much memory, or fails, and packs the next in a new thread', async () => {
    const packer = open({ module: hostile(), budgetMs: 200, heapMbMax: 32 });
    const fine = async (nowMs: number) =>
      assert.deepEqual(await packer.pack(request('fine', nowMs)), {
        kind: 'assigned',
        assignment: { reason: `at ${nowMs}` },
      });
    await fine(1);
    assert.deepEqual(await packer.pack(request('loop')), {
      kind: 'given-up',
      why: 'it took longer than 0.2 s',
    });
    await fine(2);
    const patient = open({ module: hostile(), heapMbMax: 32 });
    assert.deepEqual(await patient.pack(request('memory')), {
      kind: 'given-up',
      why: 'it needs more than 32 MB of memory',
    });
    assert.deepEqual(await patient.pack(request('fault')), {
      kind: 'given-up',
      why: 'the packing thread failed: broken',
    });
    assert.equal((await patient.pack(request('end'))).kind, 'failed');
    assert.equal((await patient.pack(request('fine'))).kind, 'assigned');
  });

  it('blames no topology for a thread that does not start', async () => {
    const outcome = await open({ module: pathToFileURL(join(dir, 'none.mjs')) }).pack(request('t'));
    assert.equal(outcome.kind, 'failed');
  });

  it('ends what is being packed when it is closed', async () => {
    const packer = open({ module: hostile() });
    const packing = packer.pack(request('loop'));
    await packer.close();
    assert.deepEqual(await packing, { kind: 'closed' });
    assert.deepEqual(await packer.pack(request('fine')), { kind: 'closed' });
  });
});
