import assert from 'node:assert/strict';
import { deferred } from '../../base/index.ts';
import type { PlannedTask } from '../../topology/index.ts';
import { type PlannedHost, planHosts } from '../task-hosts/planned-hosts.ts';
import type { HostKeeper } from './host-keeper.ts';
import { HostRoster } from './host-roster.ts';

const task = (taskId: number, executor: readonly [number, number] = [taskId, taskId]): PlannedTask => ({
  ...{ taskId, componentId: 'c', executor, containerId: 1, host: 'shell' },
});
const hostOf = (...tasks: PlannedTask[]): PlannedHost => {
  const packing = { topologyId: 'test-1', version: 1, codeVersion: 0, containers: [], tasks };
  return planHosts(packing, 1)[0]!;
};
const shell = (taskId: number, executor?: readonly [number, number]): PlannedHost =>
  hostOf(task(taskId, executor));
const jvm = (...tasks: PlannedTask[]): PlannedHost =>
  hostOf(...tasks.map((each) => ({ ...each, host: 'jvm' })));

/** Keepers that note what is done to them, and end when the test says so. */
function makeRoster(): { roster: HostRoster; events: string[]; end: (name: string) => void } {
  const events: string[] = [];
  const ends = new Map<string, () => void>();
  const roster = new HostRoster({
    ...{ drainMs: 5, graceMs: 7 },
    makeKeeper: ({ name }) => {
      const ended = deferred<undefined>();
      ends.set(name, () => ended.resolve(undefined));
      return {
        start: () => events.push(`start ${name}`),
        retire: (drainMs: number, graceMs: number) => {
          events.push(`retire ${name} ${drainMs} ${graceMs}`);
          return ended.promise;
        },
        stop: (graceMs: number) => {
          events.push(`stop ${name} ${graceMs}`);
          ended.resolve(undefined);
          return Promise.resolve();
        },
      } as unknown as HostKeeper;
    },
  });
  return { roster, events, end: (name) => ends.get(name)!() };
}

describe('HostRoster', () => {
  it('starts new hosts, retires hosts that leave, and leaves the others alone', async () => {
    const { roster, events, end } = makeRoster();
    await roster.move([shell(1), shell(2)]);
    const moving = roster.move([shell(2), shell(3)]);
    assert.deepEqual(events, ['start shell-1', 'start shell-2', 'retire shell-1 5 7', 'start shell-3']);
    let isDone = false;
    void moving.then(() => {
      isDone = true;
    });
    await Promise.resolve();
    assert.equal(isDone, false);
    end('shell-1');
    await moving;
  });

  it('keeps a shell task whose executor changes, and restarts a JVM whose executors change', async () => {
    const { roster, events, end } = makeRoster();
    await roster.move([shell(1), jvm(task(2), task(3))]);
    await roster.move([shell(1, [1, 9]), jvm(task(2), task(3))]);
    assert.deepEqual(events.splice(0), ['start shell-1', 'start jvm']);
    const moving = roster.move([shell(1), jvm(task(2, [2, 3]), task(3, [2, 3]))]);
    assert.deepEqual(events.splice(0), ['retire jvm 5 7']);
    end('jvm');
    await moving;
    assert.deepEqual(events, ['start jvm']);
  });

  it('stops hosts that are ending too, and starts none afterwards', async () => {
    const { roster, events } = makeRoster();
    await roster.move([shell(1), jvm(task(2))]);
    const moving = roster.move([jvm(task(2), task(3))]);
    events.splice(0);
    await roster.stop(1);
    await moving;
    assert.deepEqual(events.sort(), ['stop jvm 1', 'stop shell-1 1']);
  });
});
