import { strict as assert } from 'node:assert';
import type { JsonObject } from '../../../base/index.ts';
import {
  type Component,
  type LogImplementation,
  logSettingsOf,
  logStreamName,
  type PlannedTask,
  partitionOf,
} from '../../../topology/index.ts';
import type { TaskHost } from '../../links/index.ts';
import { ErrorReports } from '../emitting/index.ts';
import type { LogHostDeps } from './deps.ts';

/** A task at one side of a log: which, and which stream of the log is its own. */
export interface LogTask {
  readonly task: PlannedTask;
  readonly component: Component;
  readonly implementation: LogImplementation;
  /** `namespace/name` of its partition. */
  readonly stream: string;
  /** Kept with the stream. */
  readonly settings: JsonObject;
}

export function logTaskOf({ tasks, topology, spec }: LogHostDeps): LogTask {
  const [task] = tasks;
  assert(task !== undefined && tasks.length === 1, 'a host of a log has one task');
  const component = topology.component(task.componentId);
  const implementation = component?.implementation;
  assert(
    component !== undefined && (implementation?.kind === 'log_sink' || implementation?.kind === 'log_source'),
    `task ${task.taskId} is at no side of a log`,
  );
  const { componentId, streamId } = implementation;
  const { topologyName } = spec;
  const partition = partitionOf(topology.tasksOf(task.componentId), task.taskId);
  const settings = logSettingsOf(topology.topology).find(
    (each) => each.componentId === componentId && each.streamId === streamId,
  )!;
  return {
    ...{ task, component, implementation },
    stream: logStreamName({ topologyName, componentId, streamId }, partition),
    settings: { ...settings, topology: topologyName, partition },
  };
}

/**
 * Reports the errors of such a task. They go to its own component and to the producer of the stream, because
 * users look for them there.
 */
export function errorReports(
  deps: LogHostDeps,
  host: TaskHost,
  { task, implementation }: LogTask,
): ErrorReports {
  const { spec, clock, conf, outlet } = deps;
  const container = spec.plan.containers.find((each) => each.containerId === spec.containerId);
  return new ErrorReports({
    ...{ clock, conf },
    place: { host: container?.hostname ?? '', port: container?.slotPort ?? 0 },
    send: (record) => {
      for (const componentId of [task.componentId, implementation.componentId])
        outlet.report(host, { type: 'error', componentId, record });
    },
  });
}
