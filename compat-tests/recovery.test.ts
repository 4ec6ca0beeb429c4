import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { textFile } from './case.ts';
import { ask, killTopology, topologyInfo } from './nimbus.ts';
import { processesOf, processesUnder } from './processes.ts';
import { eventually, tuplesOf } from './records.ts';
import { submit } from './storm-client.ts';
import { closeTarget, restartGateway, target } from './target.ts';

/** Storm promises nothing of this: a lost worker takes 6 s there, a lost child the whole worker. */
describe('recovery', () => {
  let dir = '';
  let out = '';
  const name = `recovery-${process.pid}`;

  before(async function () {
    const { kind, scratch, localDir } = await target();
    if (kind === 'storm' || localDir === undefined) this.skip();
    dir = localDir;
    out = join(scratch, name);
    mkdirSync(out, { recursive: true });
    await submit(name, 'count', {
      ...{
        split: 'thrift-python',
        workers: 2,
        'compat.pace': 50,
        'compat.out': out,
        'compat.text': textFile,
      },
      ...{ 'topology.message.timeout.secs': 5 },
    });
    await flowing();
  });
  after(closeTarget);

  const seen = (): number => tuplesOf(out, 'sink').length;

  /**
   * Waits until the sink has got more than all queues on the way could have held: some 900 come in a second.
   */
  async function flowing(): Promise<void> {
    const before = seen();
    await eventually('tuples at the sink', () => (seen() > before + 1500 ? true : undefined));
  }

  it('tuples flow while the gateway is dead, and the next one takes the containers over as they are', async () => {
    const { gateway } = await target();
    const containers = processesOf(dir, 'container').map(({ pid }) => pid);
    assert.equal(containers.length, 3);
    gateway!.kill('SIGKILL');
    await flowing();
    await restartGateway();
    assert.equal((await topologyInfo(name)).status, 'ACTIVE');
    await flowing();
    assert.deepEqual(
      processesOf(dir, 'container').map(({ pid }) => pid),
      containers,
    );
    // it is in command again
    await ask((nimbus) => nimbus.deactivate({ name }));
    await ask((nimbus) => nimbus.activate({ name }));
    await flowing();
  });

  it('a killed Python child costs its task a restart, and no other process', async () => {
    const [child] = processesOf(dir, 'child');
    const others = [...processesOf(dir, 'container'), ...processesOf(dir, 'jvm')].map(({ pid }) => pid);
    process.kill(child!.pid, 'SIGKILL');
    await eventually('a new child', () => processesOf(dir, 'child').find(({ pid }) => pid !== child!.pid));
    await flowing();
    assert.deepEqual(
      [...processesOf(dir, 'container'), ...processesOf(dir, 'jvm')].map(({ pid }) => pid),
      others,
    );
  });

  it('a killed JVM is started again by its container', async () => {
    const [jvm] = processesOf(dir, 'jvm');
    const containers = processesOf(dir, 'container').map(({ pid }) => pid);
    process.kill(jvm!.pid, 'SIGKILL');
    await eventually('two JVMs again', () => {
      const jvms = processesOf(dir, 'jvm');
      return jvms.length === 2 && !jvms.some(({ pid }) => pid === jvm!.pid) ? true : undefined;
    });
    await flowing();
    assert.deepEqual(
      processesOf(dir, 'container').map(({ pid }) => pid),
      containers,
    );
  });

  it('each killed container is started again, the topology master too, and takes nothing with it that stays', async () => {
    for (const victim of processesOf(dir, 'container')) {
      process.kill(victim.pid, 'SIGKILL');
      await eventually('three containers again', () => {
        const containers = processesOf(dir, 'container');
        return containers.length === 3 && !containers.some(({ pid }) => pid === victim.pid)
          ? true
          : undefined;
      });
      await flowing();
    }
    await eventually('one child for each task', () =>
      processesOf(dir, 'child').length === 1 ? true : undefined,
    );
    assert.equal(processesOf(dir, 'jvm').length, 2);
  });

  it('leaves nothing behind when it is killed', async () => {
    const { id } = await topologyInfo(name);
    await killTopology(name, 0);
    await eventually('no process of it', () =>
      processesUnder(dir).some(({ command }) => command.includes(id)) ? undefined : true,
    );
    await eventually('no file of it', () => {
      const left = [join(dir, 'supervisor', 'stormdist', id), join(dir, 'containers', id)].filter((path) =>
        existsSync(path),
      );
      return left.length === 0 ? true : undefined;
    });
  });

  it('leaves no process behind when the gateway ends', async () => {
    await closeTarget();
    assert.deepEqual(processesUnder(dir), []);
  });
});

describe('an orderly restart of the gateway', () => {
  after(closeTarget);

  it('starts its topologies again where they were, and reports no error of what it ended itself', async function () {
    const { kind, scratch, localDir, gateway } = await target();
    if (kind === 'storm' || localDir === undefined) this.skip();
    const name = `restarted-${process.pid}`;
    const out = join(scratch, name);
    mkdirSync(out, { recursive: true });
    await submit(name, 'count', {
      split: 'python',
      'compat.pace': 50,
      'compat.out': out,
      'compat.text': textFile,
    });
    const flowing = (): Promise<true> => {
      const before = tuplesOf(out, 'sink').length;
      return eventually('tuples at the sink', () =>
        tuplesOf(out, 'sink').length > before + 500 ? true : undefined,
      );
    };
    await flowing();
    const exited = new Promise((resolve) => gateway!.once('exit', resolve));
    gateway!.kill('SIGTERM');
    assert.equal(await exited, 0);
    await restartGateway();
    await flowing();
    const info = await topologyInfo(name);
    assert.equal(info.status, 'ACTIVE');
    assert.deepEqual(
      [...info.errors.values()].flat().map(({ error }) => error),
      [],
    );
    await killTopology(name, 0);
  });
});
