import { GatewayError } from '../base/index.ts';
import { confKeys, readInt } from './conf-values.ts';
import { type Component, type InputDeclaration, isSystemId, type LogicalTopology } from './model.ts';
import { executorCountOf } from './tasks.ts';

/** A stream of so many fields is looked through, rather than collecting those of all streams. */
const fewFields = 8;
/** Most names that a message lists. */
const namesShownMax = 20;

/**
 * The checks that Storm's Nimbus makes before anything is added to a topology (StormCommon.validateBasic,
 * 2.8), and the one its client makes (a topology needs a spout). Throws `TOPOLOGY_INVALID` with Storm's
 * wording, followed by the component where Storm's own does not name it.
 */
export function validateBasic(topology: LogicalTopology): void {
  if (!topology.components.some((component) => component.kind === 'spout')) {
    throw invalid('Topology does not have any spout');
  }
  for (const component of topology.components) checkIds(component);
  const repeated = repeatedIds(topology);
  if (repeated.length > 0) throw invalid(`Duplicate component ids: [${shortList(repeated)}]`);
  for (const component of topology.components) {
    if (component.kind === 'spout' && component.inputs.length > 0) {
      throw invalid(`May not declare inputs for a spout: ${component.id}`, component);
    }
    const taskCount = readInt(component.conf, confKeys.tasks, `component ${component.id}`) ?? 0;
    if (taskCount > 0 && executorCountOf(component) <= 0) {
      throw invalid(
        `Number of executors must be greater than 0 when number of tasks is greater than 0: component ${component.id} has ${taskCount} tasks and ${executorCountOf(component)} executors`,
        component,
      );
    }
  }
}

/**
 * Every subscription must lead somewhere (StormCommon.validateStructure): the source component and stream
 * exist, and the fields of a fields grouping are fields of some stream of the source. Throws
 * `TOPOLOGY_INVALID`, Storm's wording.
 */
export function validateStructure(topology: LogicalTopology): void {
  const sources = new Map(topology.components.map((component) => [component.id, new Source(component)]));
  for (const component of topology.components) {
    for (const input of component.inputs) checkInput(component, input, sources);
  }
}

/** A component that others may take streams of. */
class Source {
  readonly streams: Component['streams'];
  #fields: ReadonlySet<string> | undefined;

  constructor({ streams }: Component) {
    this.streams = streams;
  }

  /** The fields of all its streams. Collected once, however many inputs ask. */
  get fields(): ReadonlySet<string> {
    this.#fields ??= new Set(Object.values(this.streams).flatMap((stream) => stream.fields));
    return this.#fields;
  }
}

function checkIds(component: Component): void {
  const { kind } = component.implementation;
  const isOfLog = kind === 'log_sink' || kind === 'log_source';
  if (isSystemId(component.id) && !isOfLog)
    throw invalid(`${component.id} is not a valid component id.`, component);
  for (const stream of Object.keys(component.streams)) {
    if (isSystemId(stream)) {
      throw invalid(
        `${stream} is not a valid stream id. It is declared by component ${component.id}`,
        component,
      );
    }
  }
}

function repeatedIds(topology: LogicalTopology): string[] {
  const seen = new Set<string>();
  const repeated: string[] = [];
  for (const { id } of topology.components) {
    if (seen.has(id)) repeated.push(id);
    seen.add(id);
  }
  return repeated;
}

function checkInput(
  component: Component,
  input: InputDeclaration,
  sources: ReadonlyMap<string, Source>,
): void {
  const { sourceComponentId, sourceStreamId, grouping } = input;
  const source = sources.get(sourceComponentId);
  if (source === undefined) {
    throw invalid(
      `Component: [${component.id}] subscribes from non-existent component [${sourceComponentId}]`,
      component,
    );
  }
  if (!Object.hasOwn(source.streams, sourceStreamId)) {
    throw invalid(
      `Component: [${component.id}] subscribes from non-existent stream: [${sourceStreamId}] of component [${sourceComponentId}]`,
      component,
    );
  }
  if (grouping.kind !== 'fields') return;
  const own = source.streams[sourceStreamId]!.fields;
  if (own.length <= fewFields && grouping.fields.every((field) => own.includes(field))) return;
  const { fields: declared } = source;
  const unknown = grouping.fields.filter((field) => !declared.has(field));
  if (unknown.length > 0) {
    throw invalid(
      `Component: [${component.id}] subscribes from stream: [${sourceStreamId}] of component [${sourceComponentId}] + with non-existent fields: [${shortList(unknown)}]`,
      component,
    );
  }
}

/** A submitter's list can be as long as the submission. */
function shortList(names: readonly string[]): string {
  if (names.length <= namesShownMax) return names.join(', ');
  return `${names.slice(0, namesShownMax).join(', ')}, and ${names.length - namesShownMax} more`;
}

function invalid(message: string, component?: Component): GatewayError {
  return new GatewayError('TOPOLOGY_INVALID', message, {
    facts: component === undefined ? {} : { componentId: component.id },
  });
}
