import assert from 'node:assert/strict';
import type { PackingPlan, PlannedTask, TaskHostKind } from '../../topology/index.ts';
import { planHosts, tasksThatForget } from './planned-hosts.ts';

describe('the hosts of a container', () => {
  const task = (taskId: number, host: TaskHostKind, componentId = 'c'): PlannedTask => ({
    ...{ taskId, componentId, executor: [taskId, taskId], containerId: taskId > 9 ? 2 : 1, host },
  });
  const planOf = (...tasks: PlannedTask[]): PackingPlan => ({
    ...{ topologyId: 'test-1', version: 1, codeVersion: 0, containers: [], tasks },
  });

  it('are one JVM for its Java tasks, and one for each other task', () => {
    const packing = planOf(
      ...[task(1, 'jvm'), task(3, 'jvm'), task(2, 'shell'), task(10, 'shell'), task(4, 'shell')],
      ...[task(5, 'system', '__acker'), task(6, 'system', '__dlog_sink_a.default')],
      task(7, 'system', '__dlog_source_a.default'),
    );
    assert.deepEqual(
      planHosts(packing, 1).map(({ name, key }) => `${name}: ${key}`),
      ['shell-2: 2', 'shell-4: 4', 'jvm: 1/1-1,3/3-3', 'log-sink-6: 6', 'log-source-7: 7', 'acker-5: 5'],
    );
  });

  it('are refused for a kind that the table does not have, by task, component and kind', () => {
    assert.throws(
      () => planHosts(planOf(task(7, 'robot')), 1),
      /^GatewayError: Cannot run task 7 of component c: the packing plan gives it a host of kind "robot"/,
    );
  });
});

describe('tasks that forget their trees', () => {
  /** `task: [container, host, executor]`. */
  const plan = (
    tasks: Readonly<Record<number, readonly [number, TaskHostKind, ...number[]]>>,
  ): PackingPlan => ({
    ...{ topologyId: 'test-1', version: 1, codeVersion: 0, containers: [] },
    tasks: Object.entries(tasks).map(([id, [containerId, host, first = Number(id), last = Number(id)]]) => ({
      ...{ taskId: Number(id), componentId: 'c', executor: [first, last], containerId, host },
    })),
  });

  it('are ackers that move and all tasks of a JVM whose executors change, and no others', () => {
    const before = plan({
      ...{ 1: [1, 'system'], 2: [1, 'system'], 3: [1, 'shell'], 4: [2, 'jvm'], 5: [2, 'jvm'], 6: [3, 'jvm'] },
      ...{ 7: [4, 'jvm', 7, 8], 8: [4, 'jvm', 7, 8] },
    });
    const after = plan({
      ...{ 1: [1, 'system'], 2: [3, 'jvm'], 3: [2, 'shell'], 4: [2, 'jvm'], 5: [2, 'jvm'], 6: [3, 'jvm'] },
      ...{ 7: [4, 'jvm'], 8: [4, 'jvm'] },
    });
    assert.deepEqual(tasksThatForget(before, after), [2, 6, 7, 8]);
    assert.deepEqual(tasksThatForget(before, before), []);
  });
});
