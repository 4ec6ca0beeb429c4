import { logComponentPrefixes, type PlannedTask, type TaskHostKind } from '../../topology/index.ts';
import type { TaskHost } from '../links/index.ts';
import type { LogHostDeps } from './durable/index.ts';

/** What a container knows of one kind of task host. */
export interface HostKind {
  /** Names the host in logs and reports: `name`, or `name-7` where each task has a host of its own. */
  readonly name: string;
  /** The `host` of the planned tasks that it runs. */
  readonly host: TaskHostKind;
  /** Only tasks of components whose id begins so. Absent: all tasks that no row above takes. */
  readonly componentPrefix?: string;
  /** One host runs all tasks of this kind in a container. Otherwise each task has a host of its own. */
  readonly isShared: boolean;
  /** The host restarts when this text changes for one of its tasks, or when its set of tasks changes. */
  readonly keyOf: (task: PlannedTask) => string;
  /**
   * What a host of this kind knows of the trees of its tasks is lost when it ends because tasks have moved.
   */
  readonly forgetsTrees: boolean;
  /** The errors it reports have been throttled as in Storm, and are not throttled again. */
  readonly throttlesOwnErrors: boolean;
  /** Loads the code of the kind and makes one life of a host. */
  readonly make: (deps: LogHostDeps) => Promise<TaskHost>;
}

const keyOfTask = ({ taskId }: PlannedTask): string => String(taskId);

/**
 * Every kind of task host. A new kind is a new row; nothing else in the container changes. The code of a kind
 * is loaded when one of its tasks occurs, because loading modules delays the first tuple.
 */
export const hostKinds: readonly HostKind[] = [
  {
    name: 'shell',
    host: 'shell',
    isShared: false,
    keyOf: keyOfTask,
    // A shell bolt that leaves fails what it holds.
    forgetsTrees: false,
    throttlesOwnErrors: false,
    make: async (deps) => new (await import('./shell/index.ts')).ShellHost(deps),
  },
  {
    name: 'jvm',
    host: 'jvm',
    isShared: true,
    // Storm's own Worker ends when its executors change.
    keyOf: ({ taskId, executor }) => `${taskId}/${executor.join('-')}`,
    forgetsTrees: true,
    throttlesOwnErrors: true,
    make: async (deps) => new (await import('./jvm/index.ts')).JvmHost(deps),
  },
  {
    name: 'log-sink',
    host: 'system',
    componentPrefix: logComponentPrefixes.sink,
    isShared: false,
    keyOf: keyOfTask,
    forgetsTrees: true,
    throttlesOwnErrors: false,
    make: async (deps) => new (await import('./durable/index.ts')).LogSinkHost(deps),
  },
  {
    name: 'log-source',
    host: 'system',
    componentPrefix: logComponentPrefixes.source,
    isShared: false,
    keyOf: keyOfTask,
    forgetsTrees: true,
    throttlesOwnErrors: false,
    make: async (deps) => new (await import('./durable/index.ts')).LogSourceHost(deps),
  },
  {
    // Each acker has a host of its own, so that one that stays keeps its trees when another moves.
    name: 'acker',
    host: 'system',
    isShared: false,
    keyOf: keyOfTask,
    forgetsTrees: true,
    throttlesOwnErrors: false,
    make: async (deps) => new (await import('./system/index.ts')).AckerHost(deps),
  },
];
