import type { Component, ComponentId, LogicalTopology, StreamId } from '../model.ts';
import { executorCountOf } from '../tasks.ts';

/**
 * What the log keeps with each partition of a stream: how its records are to be read, for as long as they are
 * there.
 */
export interface LogSettings {
  readonly componentId: ComponentId;
  readonly streamId: StreamId;
  readonly fields: readonly string[];
  readonly partitions: number;
}

/** The settings of every stream of a (rewritten) topology that goes through the log. */
export function logSettingsOf(topology: LogicalTopology): readonly LogSettings[] {
  return topology.components.flatMap((component) => settingsOf(component) ?? []);
}

function settingsOf(component: Component): LogSettings | undefined {
  const { implementation, streams } = component;
  if (implementation.kind !== 'log_source') return undefined;
  const { componentId, streamId } = implementation;
  return {
    componentId,
    streamId,
    fields: streams[streamId]?.fields ?? [],
    partitions: executorCountOf(component),
  };
}
