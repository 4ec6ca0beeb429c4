import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { processStart } from '../../child/index.ts';
import { keys } from '../../records/index.ts';
import { Containers } from '../../testing/containers.ts';
import type { PhysicalPlan } from '../../topology/index.ts';

const upTo = (limit: number): number[] => Array.from({ length: limit }, (_, index) => index + 1);

/** Not so of what is left of an orphan until init asks how it ended. */
function isAlive(pid: number): boolean {
  return processStart(pid) !== undefined;
}

describe('a container process', function () {
  this.timeout(60_000);

  for (const count of [1, 2]) {
    it(`runs its part of a topology on ${count} container(s): every number is swallowed and acked`, async () => {
      await using containers = await Containers.open({ limit: 300, containers: count });
      containers.startAll();
      await containers.until('all acks', () => new Set(containers.results('acked')).size === 300);
      assert.deepEqual(containers.swallowed(), upTo(300));
      const emitted = async (): Promise<number> => {
        const heartbeats = await Promise.all(upTo(count).map((id) => containers.heartbeat(id)));
        const executors = heartbeats.flatMap((heartbeat) => heartbeat?.executors ?? []);
        const spout = executors.find((executor) => executor.componentId === 'numbers');
        return spout?.emitted[':all-time']?.['default'] ?? 0;
      };
      await containers.until('counts in the heartbeats', async () => (await emitted()) >= 300);
      const plan = (await containers.store.read(keys.physicalPlan(containers.topologyId).path))!
        .value as unknown as PhysicalPlan;
      assert.deepEqual([plan.isComplete, plan.streamManagers.length], [true, count]);
    });
  }

  it('replays what a killed container lost, and cleans up after it', async () => {
    await using containers = await Containers.open({ limit: 600, containers: 2 });
    containers.startAll();
    await containers.until('some acks', () => containers.results('acked').length > 100);
    const victims = containers.childPids(1);
    assert.notEqual(victims.length, 0);
    containers.processes.get(1)!.kill('SIGKILL');
    await containers.ended(1);
    containers.start(1);
    await containers.until('all acks', () => new Set(containers.results('acked')).size === 600);
    assert.deepEqual(containers.swallowed(), upTo(600));
    assert.deepEqual(victims.filter(isAlive), []);
  });

  it('restarts a child that is killed, alone, and reports it in the errors of its component', async () => {
    await using containers = await Containers.open({ limit: 1000, containers: 1 });
    containers.startAll();
    await containers.until('some acks', () => containers.results('acked').length > 50);
    const before = containers.childPids(1);
    process.kill(before[0]!, 'SIGKILL');
    await containers.until('another child', () => {
      const now = containers.childPids(1);
      return now.length === before.length && !now.includes(before[0]!);
    });
    await containers.until('all acks', () => new Set(containers.results('acked')).size === 1000);
    const kept = containers.childPids(1).filter((pid) => before.includes(pid));
    assert.equal(kept.length, before.length - 1);
    const errors = [...(await containers.errors('sink')), ...(await containers.errors('numbers'))];
    assert.match(errors.map((record) => record.error).join(), /SIGKILL/);
  });

  it('reports a crash loop with the last lines of the child', async () => {
    await using containers = await Containers.open({
      limit: 1,
      containers: 1,
      conf: { 'test.poison': 1, 'topology.message.timeout.secs': 1 },
    });
    containers.startAll();
    const said = async (): Promise<string> =>
      (await containers.errors('sink')).map((record) => record.error).join('\n');
    await containers.until('a crash loop', async () => /Crash loop: ended \d+ times/.test(await said()));
    assert.match(await said(), /cannot swallow 1/);
  });

  it('ends orderly on SIGTERM and leaves no process and no file', async () => {
    await using containers = await Containers.open({ limit: 10, containers: 1 });
    containers.startAll();
    await containers.until('acks', () => containers.results('acked').length === 10);
    const pids = containers.childPids(1);
    for (const id of [1, 0]) {
      containers.processes.get(id)!.kill('SIGTERM');
      assert.equal(await containers.ended(id), 0);
      assert.deepEqual(readdirSync(containers.workDir(id)), ['spec.json']);
    }
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(await containers.heartbeat(1), undefined);
    assert.equal(await containers.store.readLease(keys.master(containers.topologyId).path), undefined);
  });

  it('ends by itself when its topology was killed and its time is over', async () => {
    await using containers = await Containers.open({ limit: 10, containers: 1 });
    containers.startAll();
    await containers.until('acks', () => containers.results('acked').length === 10);
    await containers.setStatus('KILLED', Date.now() + 100);
    assert.deepEqual(await Promise.all([containers.ended(0), containers.ended(1)]), [0, 0]);
  });

  it('ends by itself when its directory is gone', async () => {
    await using containers = await Containers.open({ limit: 10, containers: 1 });
    containers.startAll();
    await containers.until('acks', () => containers.results('acked').length === 10);
    const pids = containers.childPids(1);
    rmSync(containers.workDir(1), { recursive: true });
    assert.equal(await containers.ended(1), 0);
    assert.deepEqual(pids.filter(isAlive), []);
  });
});
