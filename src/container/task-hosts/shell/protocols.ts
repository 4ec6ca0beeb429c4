import {
  type OutgoingStreams,
  systemComponentIds,
  systemStreamIds,
  type TopologyIndex,
} from '../../../topology/index.ts';
import type { TaskMetrics } from '../../metrics-manager/index.ts';
import type { TaskHostDeps } from '../deps.ts';
import { AckerLink, type OutputLimits, OutputThrottle, TargetFrames } from '../emitting/index.ts';
import { BoltProtocol } from './bolt-protocol.ts';
import { Emitter } from './emitter.ts';
import type { BoltInput } from './input-places.ts';
import type { Protocol, ProtocolParts } from './protocol-parts.ts';
import type { ShellSettings } from './settings.ts';
import { SpoutProtocol } from './spout-protocol.ts';
import type { ShellTaskIdentity } from './task-identity.ts';
import { TaskIdsAhead } from './task-ids-ahead.ts';

/** The protocol of a task with all that it works with. */
export function makeProtocol(
  task: {
    readonly deps: TaskHostDeps;
    readonly identity: ShellTaskIdentity;
    readonly outgoing: OutgoingStreams;
    readonly settings: ShellSettings;
    readonly limits: OutputLimits;
    /** Whether the child keeps task ids that come before the emit that they answer. */
    readonly queuesTaskIds: boolean;
  },
  child: Pick<ProtocolParts, 'pipe' | 'wake' | 'reportError'>,
): Protocol {
  const { topology, outlet, clock, random } = task.deps;
  const { outgoing, settings } = task;
  const { taskId } = task.identity.task;
  const { component } = task.identity;
  const metrics = metricsOf(task.deps, task.identity);
  const { kind, inputs } = metrics.description;
  const frames = new TargetFrames(taskId, outlet, clock);
  const taskIdsAhead = task.queuesTaskIds ? TaskIdsAhead.find(topology, outgoing) : undefined;
  const emitter = new Emitter({ topology, outgoing, frames, metrics, taskIdsAhead });
  const { limits } = task;
  const throttle = new OutputThrottle({
    ...{ counters: emitter, limits, clock, wake: child.wake },
    isSpout: kind === 'spout',
  });
  const parts: ProtocolParts = {
    taskId,
    componentId: component.id,
    topology,
    settings,
    emitter,
    frames,
    throttle,
    ackers: new AckerLink({ topology, taskId, componentId: component.id, frames }),
    metrics,
    clock,
    random,
    ...child,
  };
  return kind === 'spout' ? new SpoutProtocol(parts) : new BoltProtocol(parts, inputs);
}

/** The counters of a task: the same ones at every call. */
export function metricsOf(deps: TaskHostDeps, { task, component }: ShellTaskIdentity): TaskMetrics {
  const isSpout = component.kind === 'spout';
  return deps.metrics.task({
    taskId: task.taskId,
    executor: task.executor,
    componentId: component.id,
    kind: isSpout ? 'spout' : 'bolt',
    streams: deps.topology.streamIdsOf(component.id),
    inputs: isSpout ? [] : inputsOf(component, deps.topology),
  });
}

/** As tuples name them: what comes from a log bears the name of its producer. */
function inputsOf(component: ShellTaskIdentity['component'], topology: TopologyIndex): BoltInput[] {
  const declared = component.inputs.map(({ sourceComponentId, sourceStreamId }) => ({
    componentId: topology.emitterOf(sourceComponentId),
    streamId: sourceStreamId,
  }));
  return [...declared, { componentId: systemComponentIds.system, streamId: systemStreamIds.tick }];
}
