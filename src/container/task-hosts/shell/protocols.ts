import { type OutgoingStreams, systemComponentIds, systemStreamIds } from '../../../topology/index.ts';
import type { TaskHostDeps } from '../deps.ts';
import { AckerLink } from './acking.ts';
import { BoltProtocol } from './bolt-protocol.ts';
import { Emitter } from './emitter.ts';
import { OutputThrottle } from './output-throttle.ts';
import type { Protocol, ProtocolParts } from './protocol-parts.ts';
import type { ShellSettings } from './settings.ts';
import { SpoutProtocol } from './spout-protocol.ts';
import { TargetFrames } from './target-frames.ts';
import type { ShellTaskIdentity } from './task-identity.ts';
import type { OutputLimits } from './token-bucket.ts';

/** The protocol of a task with all that it works with. */
export function makeProtocol(
  task: {
    readonly deps: TaskHostDeps;
    readonly identity: ShellTaskIdentity;
    readonly outgoing: OutgoingStreams;
    readonly settings: ShellSettings;
    readonly limits: OutputLimits;
  },
  child: Pick<ProtocolParts, 'pipe' | 'wake' | 'reportError'>,
): Protocol {
  const { topology, outlet, clock, random, metrics: registry } = task.deps;
  const { outgoing, settings } = task;
  const { taskId, executor } = task.identity.task;
  const { component } = task.identity;
  const kind = component.kind === 'spout' ? 'spout' : 'bolt';
  const inputs =
    kind === 'spout'
      ? []
      : [
          ...component.inputs.map((input) => ({
            componentId: input.sourceComponentId,
            streamId: input.sourceStreamId,
          })),
          { componentId: systemComponentIds.system, streamId: systemStreamIds.tick },
        ];
  const metrics = registry.executor({
    executor,
    componentId: component.id,
    kind,
    streams: topology.streamIdsOf(component.id),
    inputs,
  });
  const frames = new TargetFrames(taskId, outlet, clock);
  const emitter = new Emitter({ topology, outgoing, frames, metrics });
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
