import type { JsonObject } from '../../../base/index.ts';
import { OutgoingStreams } from '../../../topology/index.ts';
import type { TaskHost } from '../../links/index.ts';
import type { TaskHostDeps } from '../deps.ts';
import { Downstream, ErrorReports, HostControl, readOutputLimits } from '../emitting/index.ts';
import { MetricsReports } from './metrics-reports.ts';
import { makeProtocol, metricsOf } from './protocols.ts';
import type { ShellSettings } from './settings.ts';
import { ShellLog } from './shell-log.ts';
import type { ShellMetrics } from './shell-metrics.ts';
import { ShellTask } from './shell-task.ts';
import type { ShellTaskIdentity } from './task-identity.ts';

/** A task without its child, and what works beside it. */
export interface ShellAssembly {
  readonly task: ShellTask;
  readonly control: HostControl;
  readonly reports: MetricsReports;
}

/** Builds a shell task and connects it to its stream manager. */
export function assembleShellTask(options: {
  readonly host: TaskHost;
  readonly deps: TaskHostDeps;
  readonly identity: ShellTaskIdentity;
  readonly conf: JsonObject;
  readonly settings: ShellSettings;
  readonly log: ShellLog;
  readonly metrics: ShellMetrics;
  readonly handshake: string;
  /** Whether the child keeps task ids that come before the emit that they answer. */
  readonly queuesTaskIds: boolean;
}): ShellAssembly {
  const { host, deps, identity, conf, settings, log, metrics, handshake, queuesTaskIds } = options;
  const { topology, outlet, clock, spec, random } = deps;
  const { task, component } = identity;
  const limits = readOutputLimits(conf, topology.tasksOf(component.id).length);
  const outgoing = new OutgoingStreams({
    index: topology,
    plan: spec.plan,
    taskId: task.taskId,
    conf,
    random,
  });
  const container = spec.plan.containers.find((each) => each.containerId === spec.containerId);
  const place = { host: container?.hostname ?? '', port: container?.slotPort ?? 0 };
  const errors = new ErrorReports({
    clock,
    conf,
    place,
    send: (record) => outlet.report(host, { type: 'error', componentId: component.id, record }),
  });
  const reportError = (text: string): void => {
    if (errors.report(text)) log.note('ERROR', text);
  };
  const reports = new MetricsReports({
    ...{ topology, outgoing, outlet, clock, conf, place, reportError },
    metrics: metricsOf(deps, identity),
    shellMetrics: metrics,
  });
  const downstream = new Downstream(topology, component.id);
  const shellTask = new ShellTask({
    ...{ settings, handshake, downstream, clock, log, metrics, reportError },
    makeProtocol: (pipe, wake) =>
      makeProtocol(
        { deps, identity, outgoing, settings, limits, queuesTaskIds },
        { pipe, wake, reportError },
      ),
    onPressure: (isHigh) =>
      outlet.report(host, { type: 'pressure', reporter: host.name, tasks: isHigh ? host.tasks : [] }),
  });
  const control = new HostControl({ outgoing, downstream, task: shellTask });
  return { task: shellTask, control, reports };
}

/** Opens the log of a task's child. */
export function openShellLog(
  deps: TaskHostDeps,
  { task, component }: ShellTaskIdentity,
  conf: JsonObject,
): ShellLog {
  const { spec, clock, log } = deps;
  return new ShellLog({
    logDir: spec.logDir,
    componentId: component.id,
    kind: component.kind === 'spout' ? 'spout' : 'bolt',
    executor: task.executor,
    conf,
    clock,
    log,
  });
}
