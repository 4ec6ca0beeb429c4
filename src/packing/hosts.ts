import {
  type Component,
  type ComponentId,
  type LogicalTopology,
  needsJava,
  type PlannedTask,
  systemComponentIds,
} from '../topology/index.ts';

/** A task with a container but without the host that runs it there. */
export type DealtTask = Omit<PlannedTask, 'host'>;

/** A kind of host. `either`: the JVM of the container where it has one, else the stream manager. */
export type HostPreference = 'jvm' | 'shell' | 'system' | 'either';

/** The host that the tasks of each component need. */
export function hostPreferences(systemTopology: LogicalTopology): ReadonlyMap<ComponentId, HostPreference> {
  const routedByJava = new Set(
    systemTopology.components.flatMap((component) =>
      component.inputs.filter((input) => needsJava(input.grouping)).map((input) => input.sourceComponentId),
    ),
  );
  return new Map(
    systemTopology.components.map((component) => [component.id, hostOf(component, routedByJava)]),
  );
}

/** Ackers run in the JVM of their container when it has one, else in its stream manager. */
export function decideHosts(
  preferences: ReadonlyMap<ComponentId, HostPreference>,
  dealt: readonly DealtTask[],
): PlannedTask[] {
  const withJvm = new Set(
    dealt.filter((task) => preferences.get(task.componentId) === 'jvm').map((task) => task.containerId),
  );
  return dealt.map((task) => {
    const kind = preferences.get(task.componentId)!;
    const host = kind === 'either' ? (withJvm.has(task.containerId) ? 'jvm' : 'system') : kind;
    return { ...task, host };
  });
}

/**
 * Metrics consumers and the event logger are Storm's own Java, `__acker` exists in both forms. A shell
 * component whose tuples are routed by a Java class (a custom grouping) goes into the JVM, where Storm's
 * ShellBolt runs its child.
 */
function hostOf(component: Component, routedByJava: ReadonlySet<ComponentId>): HostPreference {
  switch (component.implementation.kind) {
    case 'serialized_java':
    case 'java_object':
      return 'jvm';
    case 'shell':
      return routedByJava.has(component.id) ? 'jvm' : 'shell';
    case 'log_sink':
    case 'log_source':
      return 'system';
    case 'system':
      return component.id === systemComponentIds.acker ? 'either' : 'jvm';
  }
}
