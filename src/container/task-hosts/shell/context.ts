import { type Grouping, isSystemId, type TaskId, type TopologyIndex } from '../../../topology/index.ts';
import type { Context, ContextGrouping } from './gen/multilang.ts';

/**
 * The description of its place in the topology that a child receives (storm-client 2.8,
 * TopologyContext.toJSONString on the *user* topology): streams that Storm itself adds are left out, tasks
 * that it adds are not.
 */
export function contextOf(topology: TopologyIndex, taskId: TaskId): Required<Context> {
  const componentId = topology.componentOf(taskId)!;
  const component = topology.component(componentId)!;
  const streams = topology.streamIdsOf(componentId).filter(isUsers);
  const inputs = component.inputs.filter((input) => isUsers(input.sourceStreamId));
  const sources = new Map<string, Record<string, ContextGrouping>>();
  for (const { sourceComponentId, sourceStreamId, grouping } of inputs) {
    setIn(sources, sourceComponentId, sourceStreamId, describeGrouping(grouping));
  }
  return {
    'task->component': Object.fromEntries(topology.taskToComponent()),
    taskid: taskId,
    componentid: componentId,
    streams,
    'stream->outputfields': fieldsByStream(topology, componentId),
    'stream->target->grouping': targetsOf(topology, componentId, streams),
    'source->stream->grouping': Object.fromEntries(sources),
    'source->stream->fields': Object.fromEntries(
      [...sources.keys()].map((source) => [source, fieldsByStream(topology, source)]),
    ),
  };
}

/** All streams of a component, subscribed or not, with the names of their values. */
function fieldsByStream(topology: TopologyIndex, componentId: string): Record<string, string[]> {
  const streams = topology.streamIdsOf(componentId).filter(isUsers);
  return Object.fromEntries(
    streams.map((stream) => [stream, [...(topology.fieldsOf(componentId, stream) ?? [])]]),
  );
}

function isUsers(id: string): boolean {
  return !isSystemId(id);
}

function targetsOf(
  topology: TopologyIndex,
  componentId: string,
  streams: readonly string[],
): Record<string, Record<string, ContextGrouping>> {
  const targets = streams.map((stream): [string, Record<string, ContextGrouping>] => [
    stream,
    Object.fromEntries(
      topology
        .subscribersOf(componentId, stream)
        .filter((subscriber) => isUsers(subscriber.componentId))
        .map((subscriber) => [subscriber.componentId, describeGrouping(subscriber.grouping)]),
    ),
  ]);
  return Object.fromEntries(targets.filter(([, byComponent]) => Object.keys(byComponent).length > 0));
}

function describeGrouping(grouping: Grouping): ContextGrouping {
  const type = grouping.kind.toUpperCase() as ContextGrouping['type'];
  return grouping.kind === 'fields' ? { type, fields: [...grouping.fields] } : { type };
}

function setIn<T>(map: Map<string, Record<string, T>>, outer: string, inner: string, value: T): void {
  const record = map.get(outer) ?? {};
  record[inner] = value;
  map.set(outer, record);
}
