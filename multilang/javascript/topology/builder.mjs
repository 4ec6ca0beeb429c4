import { checkJson, checkTopology, defaultStream, TopologyError, titleOf } from './model.mjs';
import { submit } from './submit.mjs';

/** Takes the subscriptions of one bolt; each method returns the declarer, so that they can be chained. */
class BoltDeclarer {
  #component;

  constructor(component) {
    this.#component = component;
  }

  shuffleGrouping(source, stream = defaultStream) {
    return this.#add(source, stream, 'shuffle');
  }

  localOrShuffleGrouping(source, stream = defaultStream) {
    return this.#add(source, stream, 'local_or_shuffle');
  }

  fieldsGrouping(source, fields, stream = defaultStream) {
    const names = namesOf(fields, `the fields of the grouping of ${titleOf(this.#component)}`);
    if (names.length === 0)
      throw new TopologyError(
        `${titleOf(this.#component)} groups by no field; use globalGrouping for one task`,
      );
    return this.#add(source, stream, 'fields', names);
  }

  globalGrouping(source, stream = defaultStream) {
    return this.#add(source, stream, 'fields');
  }

  allGrouping(source, stream = defaultStream) {
    return this.#add(source, stream, 'all');
  }

  noneGrouping(source, stream = defaultStream) {
    return this.#add(source, stream, 'none');
  }

  directGrouping(source, stream = defaultStream) {
    return this.#add(source, stream, 'direct');
  }

  #add(source, stream, kind, fields = []) {
    const { inputs } = this.#component;
    if (inputs.some((known) => known.source === source && known.stream === stream))
      throw new TopologyError(`${titleOf(this.#component)} reads stream '${stream}' of '${source}' twice`);
    inputs.push({ source, stream, grouping: { kind, fields } });
    return this;
  }
}

/**
 * Collects the components of a topology, in the words of Storm's TopologyBuilder. Throws TopologyError at
 * once.
 */
export class TopologyBuilder {
  #components = new Map();

  /** Declares a spout that runs `executionCommand script` in the topology's resources. */
  setSpout(id, options) {
    this.#add('spout', id, options);
  }

  /** Declares a bolt; chain its inputs to the result. */
  setBolt(id, options) {
    return new BoltDeclarer(this.#add('bolt', id, options));
  }

  /** The topology. Throws TopologyError when a source, stream or field that a bolt reads is not there. */
  build() {
    const topology = { components: new Map(this.#components) };
    checkTopology(topology);
    return topology;
  }

  /** Builds the topology and submits it. */
  async submit(name, options) {
    await submit(name, this.build(), options);
  }

  #add(kind, id, options) {
    checkName(id, `the id of a ${kind}`);
    if (this.#components.has(id)) throw new TopologyError(`there are two components with the id '${id}'`);
    const component = componentOf(kind, id, options ?? {});
    this.#components.set(id, component);
    return component;
  }
}

function componentOf(kind, id, options) {
  const { script, executionCommand = 'node', outputs = [], parallelism = 1, conf = {} } = options;
  const title = titleOf({ kind, id });
  if (typeof script !== 'string' || typeof executionCommand !== 'string' || executionCommand === '')
    throw new TopologyError(
      `${title} needs an executionCommand and a script, got ${JSON.stringify([executionCommand, script])}`,
    );
  if (!Number.isInteger(parallelism) || parallelism < 1)
    throw new TopologyError(
      `the parallelism of ${title} must be a whole number from 1, got ${String(parallelism)}`,
    );
  checkJson(conf, `the conf of ${title}`);
  const checksScript = options.checkScript ?? true;
  const streams = streamsOf(outputs, title);
  return {
    id,
    kind,
    executionCommand,
    script,
    outputs: streams,
    parallelism,
    conf: { ...conf },
    checksScript,
    inputs: [],
  };
}

function streamsOf(outputs, title) {
  const declared = Array.isArray(outputs)
    ? outputs.length > 0
      ? { [defaultStream]: outputs }
      : {}
    : outputs;
  const streams = new Map();
  for (const [name, stream] of Object.entries(declared)) {
    checkName(name, `the name of a stream of ${title}`);
    const { fields, direct = false } = Array.isArray(stream) ? { fields: stream } : (stream ?? {});
    const names = namesOf(fields, `the fields of stream '${name}' of ${title}`);
    if (new Set(names).size < names.length)
      throw new TopologyError(
        `the fields of stream '${name}' of ${title} must differ, got ${names.join(', ')}`,
      );
    streams.set(name, { fields: names, direct });
  }
  return streams;
}

function namesOf(names, subject) {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && name !== ''))
    throw new TopologyError(`${subject} must be a list of names, got ${JSON.stringify(names)}`);
  return [...names];
}

function checkName(name, subject) {
  if (typeof name !== 'string' || name === '' || name.startsWith('__'))
    throw new TopologyError(
      `${subject} must be a string that does not begin with '__', got ${JSON.stringify(name)}`,
    );
}
