import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeLeavingNothing, errorOf, ownGateway } from './bad-luck.ts';
import { killTopology } from './nimbus.ts';
import { processesOf, processesUnder } from './processes.ts';
import { eventually, recordsOf } from './records.ts';
import { submit } from './storm-client.ts';
import { openTarget } from './target.ts';

/** More than are emitted before the spout is stopped, at `linesASecond`. */
const lines = 50_000;
const linesASecond = 80;

/**
 * A spout emits known ids with a few trees in flight while one process after another is killed or stopped.
 * The message timeout is far away: the topology only keeps flowing because lost trees fail early.
 */
describe('recovery of trees', () => {
  const name = `trees-${process.pid}`;
  let dir = '';
  let out = '';

  before(async function () {
    await openTarget({});
    const found = await ownGateway(this);
    dir = found.localDir;
    out = join(found.scratch, name);
    mkdirSync(out, { recursive: true });
    const text = join(found.scratch, 'lines.txt');
    writeFileSync(text, Array.from({ length: lines }, (_, line) => `line${line}`).join('\n'));
    await submit(name, 'count', {
      ...{ split: 'thrift-python', workers: 2, par: 2 },
      ...{ 'compat.pace': linesASecond, 'compat.once': 1, 'compat.out': out, 'compat.text': text },
      ...{ 'compat.resume': 1, 'compat.stop': join(out, 'stop') },
      ...{ 'topology.max.spout.pending': 10, 'topology.message.timeout.secs': 600 },
      ...{ 'topology.acker.executors': 2 },
    });
    await flowing();
  });
  after(closeLeavingNothing);

  const recorded = (what: 'emit' | 'ack' | 'stop'): number[] =>
    [...recordsOf(out, 'lines').values()]
      .flat()
      .filter(([each]) => each === what)
      .map(([, id]) => id as number);
  const acked = (): number[] => recorded('ack');

  /** Waits for more acks than there can be trees in flight. */
  async function flowing(): Promise<void> {
    const before = acked().length;
    await eventually('acks', () => (acked().length > before + 30 ? true : undefined), 90_000);
  }

  async function replaced(kind: 'jvm' | 'worker' | 'master' | 'child', pid: number): Promise<void> {
    const count = kind === 'master' ? 1 : 2;
    await eventually(`another ${kind}`, () => {
      const found = processesOf(dir, kind);
      return found.length === count && !found.some((each) => each.pid === pid) ? true : undefined;
    });
  }

  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    for (const kind of ['jvm', 'worker', 'master', 'child'] as const) {
      it(`resumes after each ${kind} gets ${signal}, long before the message timeout`, async () => {
        const victims = processesOf(dir, kind);
        assert.equal(victims.length, kind === 'master' ? 1 : 2);
        for (const { pid } of victims) {
          process.kill(pid, signal);
          await replaced(kind, pid);
          await flowing();
        }
      });
    }
  }

  it('says in the errors what was stopped and ended', async () => {
    assert.match(await errorOf(name, 'count'), /stopped by a signal for 2 s|ended|SIGKILL/);
  });

  it('has every emitted line acked in the end, without a timeout', async () => {
    writeFileSync(join(out, 'stop'), '');
    await eventually('the stop of the spout', () => (recorded('stop').length > 0 ? true : undefined));
    await eventually(
      'all acks',
      () => {
        const done = new Set(acked());
        return recorded('emit').every((id) => done.has(id)) ? true : undefined;
      },
      140_000,
    );
    assert.ok(recorded('emit').length > 400, 'fewer lines than the acks that were waited for');
  });

  it('leaves nothing behind', async () => {
    await killTopology(name, 0);
    await eventually('no process of it', () =>
      processesUnder(dir).some(({ command }) => command.includes(name)) ? undefined : true,
    );
  });
});
