import assert from 'node:assert/strict';
import { deferred, silentLog, systemClock, systemRandom } from '../../base/index.ts';
import { MemoryStore } from '../../coordination/index.ts';
import { numberedFrame, StreamManagers } from '../../testing/stream-managers.ts';
import { TopologyIndex } from '../../topology/index.ts';
import { type Outlet, type TaskHost, tcpNetwork } from '../links/index.ts';
import { type HostKind, hostKinds } from '../task-hosts/kinds.ts';
import { WorkerContainer } from './worker.ts';

/** Task 1 sends a frame to task 2, which passes the ids of what it receives on. */
function dummyHost(taskId: number, outlet: Outlet, received: (task: number) => void): TaskHost {
  const nothing = (): void => undefined;
  return {
    ...{ name: `dummy-${taskId}`, tasks: [taskId], flush: nothing, control: nothing },
    ...{ pause: nothing, resume: nothing, stop: () => Promise.resolve() },
    deliver: () => received(taskId),
    start: () => {
      const frame = numberedFrame({ source: 1, target: 2 }, 7);
      if (taskId === 1) outlet.route(frame, 0, frame.length);
      outlet.flush();
      return Promise.resolve();
    },
  };
}

describe('the table of host kinds', () => {
  it('is all that a container needs to run the tasks of another kind', async () => {
    const received = deferred<number>();
    const dummy: HostKind = {
      ...{ name: 'dummy', host: 'dummy', isShared: false, forgetsTrees: false, throttlesOwnErrors: false },
      keyOf: ({ taskId }) => String(taskId),
      make: ({ tasks, outlet }) =>
        Promise.resolve(dummyHost(tasks[0]!.taskId, outlet, (value) => received.resolve(value))),
    };
    const given = new StreamManagers({ tasks: { 1: [1, 2] } }).spec(1);
    const tasks = given.plan.tasks.map((task) => ({ ...task, host: dummy.host }));
    const container = await WorkerContainer.open({
      spec: { ...given, plan: { ...given.plan, tasks } },
      conf: {},
      topology: new TopologyIndex({ components: [] }),
      ...{ network: tcpNetwork, clock: systemClock, random: systemRandom, log: silentLog },
      store: new MemoryStore(systemClock),
      kinds: [...hostKinds, dummy],
    });
    assert.equal(await received.promise, 2);
    await container.close(0);
  });
});
