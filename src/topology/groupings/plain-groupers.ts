import { GatewayError } from '../../base/index.ts';
import { fieldsGroupingIndex, type JavaRandom, type JavaValue } from '../../tuple/index.ts';
import type { TaskId } from '../model.ts';
import type { Grouper } from './grouper.ts';

/** One list for each task, so that choosing a task allocates nothing. */
export function singletons(tasks: readonly TaskId[]): readonly (readonly TaskId[])[] {
  return tasks.map((task) => [task]);
}

const none: readonly TaskId[] = [];

/**
 * Where the fields of a grouping stand in the tuples of its stream. As in Storm, a field that the stream
 * lacks and a tuple too short to have it are faults of the emit that meets them, not of the topology.
 */
export class KeyFields {
  readonly indexes: readonly number[];
  readonly #fields: readonly string[];
  readonly #streamFields: readonly string[];
  readonly #what: string;
  readonly #valuesMin: number;

  constructor(parts: {
    readonly fields: readonly string[];
    readonly streamFields: readonly string[];
    /** `component x, stream y`, for messages. */
    readonly what: string;
  }) {
    this.#fields = parts.fields;
    this.#streamFields = parts.streamFields;
    this.#what = parts.what;
    this.indexes = parts.fields.map((field) => parts.streamFields.indexOf(field));
    this.#valuesMin = this.indexes.includes(-1) ? Number.POSITIVE_INFINITY : Math.max(0, ...this.indexes) + 1;
  }

  /** Throws `EMIT_REFUSED` when a field is missing. */
  check(values: readonly JavaValue[]): void {
    if (values.length >= this.#valuesMin) return;
    throw new GatewayError(
      'EMIT_REFUSED',
      `${this.#what}: grouped by [${this.#fields.join(', ')}], the stream has the fields [${this.#streamFields.join(', ')}] and the tuple ${values.length} values`,
      { facts: { fields: this.#fields, streamFields: this.#streamFields, values: values.length } },
    );
  }
}

/** GrouperFactory.FieldsGrouper: equal values of the fields go to the same task. */
export class FieldsGrouper implements Grouper {
  readonly ignoresValues: boolean;
  readonly #choices: readonly (readonly TaskId[])[];
  readonly #key: KeyFields;

  constructor(tasks: readonly TaskId[], key: KeyFields) {
    this.#choices = singletons(tasks);
    this.#key = key;
    this.ignoresValues = tasks.length <= 1 && !key.indexes.includes(-1);
  }

  chooseTasks(values: readonly JavaValue[]): readonly TaskId[] {
    const { length } = this.#choices;
    if (length === 0) return none;
    this.#key.check(values);
    return this.#choices[fieldsGroupingIndex(values, length, this.#key.indexes)]!;
  }

  refreshLoads(): void {
    // Equal values must keep going to the same task, whatever its load.
  }
}

/** GrouperFactory.NoneGrouper: a random task for each tuple. */
export class NoneGrouper implements Grouper {
  readonly ignoresValues = true;
  readonly #choices: readonly (readonly TaskId[])[];
  readonly #random: JavaRandom;

  constructor(tasks: readonly TaskId[], random: JavaRandom) {
    this.#choices = singletons(tasks);
    this.#random = random;
  }

  chooseTasks(): readonly TaskId[] {
    const { length } = this.#choices;
    return length === 0 ? none : this.#choices[this.#random.nextInt(length)]!;
  }

  refreshLoads(): void {
    // Chance alone decides.
  }
}

/** All tasks (GrouperFactory.AllGrouper), or the first alone (GlobalGrouper): always the same list. */
export class FixedGrouper implements Grouper {
  readonly ignoresValues = true;
  readonly #tasks: readonly TaskId[];

  constructor(tasks: readonly TaskId[]) {
    this.#tasks = tasks;
  }

  chooseTasks(): readonly TaskId[] {
    return this.#tasks;
  }

  refreshLoads(): void {
    // There is nothing to choose.
  }
}

/**
 * ShuffleGrouping: each task in turn, in an order drawn by lot once. The first tuple goes to the second of
 * the order.
 */
export class ShuffleGrouper implements Grouper {
  readonly ignoresValues = true;
  readonly #choices: (readonly TaskId[])[];
  #current = 0;

  constructor(tasks: readonly TaskId[], random: JavaRandom) {
    this.#choices = [...singletons(tasks)];
    for (let i = this.#choices.length; i > 1; i--) {
      const other = random.nextInt(i);
      const moved = this.#choices[i - 1]!;
      this.#choices[i - 1] = this.#choices[other]!;
      this.#choices[other] = moved;
    }
  }

  chooseTasks(): readonly TaskId[] {
    this.#current = this.#current + 1 < this.#choices.length ? this.#current + 1 : 0;
    return this.#choices[this.#current] ?? none;
  }

  refreshLoads(): void {
    // This is the grouping of topology.disable.loadaware.messaging.
  }
}
