import { strict as assert } from 'node:assert';
import { GatewayError } from '../../../base/index.ts';
import type { Component, PlannedTask, TopologyIndex } from '../../../topology/index.ts';

/** The task, the component and the command of a shell host. */
export interface ShellTaskIdentity {
  readonly task: PlannedTask;
  readonly component: Component;
  readonly executionCommand: string;
  readonly script: string;
}

export function identifyShellTask(tasks: readonly PlannedTask[], topology: TopologyIndex): ShellTaskIdentity {
  const task = tasks[0];
  assert(task !== undefined && tasks.length === 1, 'a shell host has one task');
  const component = topology.component(task.componentId);
  if (component?.implementation.kind !== 'shell') {
    throw new GatewayError(
      'TOPOLOGY_INVALID',
      `task ${task.taskId} is planned as a shell task, and component ${task.componentId} is ${component?.implementation.kind ?? 'unknown'}`,
    );
  }
  const { executionCommand, script } = component.implementation;
  return { task, component, executionCommand, script };
}
