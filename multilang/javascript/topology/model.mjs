/**
 * A topology as data, and what must hold for it: what Nimbus would refuse is refused here, naming what is
 * wrong.
 *
 * A component is `{ id, kind, executionCommand, script, outputs, parallelism, conf, checksScript, inputs }`
 * with `outputs` a Map from stream to `{ fields, direct }` and `inputs` a list of `{ source, stream,
 * grouping: { kind, fields } }`. A grouping's kind is its name in Storm's Thrift union; a global grouping is
 * `fields` without fields.
 */

export const defaultStream = 'default';

/**
 * The topology cannot work; the text names the component, the stream or the field, and what is there instead.
 */
export class TopologyError extends Error {
  constructor(message) {
    super(message);
    this.name = 'TopologyError';
  }
}

export function titleOf({ kind, id }) {
  return `${kind} '${id}'`;
}

/** Throws TopologyError for the first thing that Storm would refuse or could never run. */
export function checkTopology({ components }) {
  if (![...components.values()].some(({ kind }) => kind === 'spout'))
    throw new TopologyError('the topology has no spout, so nothing would ever flow');
  for (const component of components.values())
    for (const input of component.inputs) checkInput(components, component, input);
}

/** Throws TopologyError unless the value is an object that survives JSON. */
export function checkJson(value, subject) {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TopologyError(`${subject} must be an object, got ${JSON.stringify(value)}`);
  checkPart(value, subject, []);
}

function checkPart(value, subject, parents) {
  const isPlain = value === null || ['boolean', 'string'].includes(typeof value) || Number.isFinite(value);
  if (isPlain) return;
  if (typeof value !== 'object' || parents.includes(value))
    throw new TopologyError(`${subject} cannot be written as JSON: ${String(value)} in it`);
  for (const part of Object.values(value)) checkPart(part, subject, [...parents, value]);
}

function checkInput(components, component, { source: sourceId, stream: streamId, grouping }) {
  const title = titleOf(component);
  const source = components.get(sourceId);
  if (source === undefined)
    throw new TopologyError(
      `${title} reads from '${sourceId}', which is not a component (there are: ${listed(components.keys())})`,
    );
  const stream = source.outputs.get(streamId);
  if (stream === undefined)
    throw new TopologyError(
      `${title} reads stream '${streamId}' of ${titleOf(source)}, which it does not declare ` +
        `(it declares: ${listed(source.outputs.keys())})`,
    );
  for (const field of grouping.fields)
    if (!stream.fields.includes(field))
      throw new TopologyError(
        `${title} groups by field '${field}', which stream '${streamId}' of ${titleOf(source)} does not have ` +
          `(it has: ${listed(stream.fields)})`,
      );
  if (stream.direct !== (grouping.kind === 'direct'))
    throw new TopologyError(
      `${title} reads stream '${streamId}' of ${titleOf(source)} by ${grouping.kind} grouping, ` +
        `but that stream is ${stream.direct ? '' : 'not '}declared direct`,
    );
}

function listed(names) {
  return [...names].sort().join(', ') || 'none';
}
