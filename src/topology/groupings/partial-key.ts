import { bytesHash, JavaRandom, type JavaValue, javaHashCode, javaToString } from '../../tuple/index.ts';
import type { TaskId } from '../model.ts';
import type { Grouper } from './grouper.ts';
import { type KeyFields, singletons } from './plain-groupers.ts';

/**
 * Storm's PartialKeyGrouping (2.8): each key has two tasks, drawn by a generator that the key seeds, and goes
 * to the one this grouper has used less. Without fields the key is the text of the tuple's first value.
 */
export class PartialKeyGrouper implements Grouper {
  readonly ignoresValues = false;
  readonly #choices: readonly (readonly TaskId[])[];
  readonly #fields: KeyFields | undefined;
  readonly #uses: number[];
  readonly #keyBytes: Buffer;
  readonly #random = new JavaRandom(0);

  constructor(tasks: readonly TaskId[], fields: KeyFields | undefined) {
    this.#choices = singletons(tasks);
    this.#fields = fields;
    this.#uses = tasks.map(() => 0);
    this.#keyBytes = Buffer.alloc(4 * (fields?.indexes.length ?? 0));
  }

  chooseTasks(values: readonly JavaValue[]): readonly TaskId[] {
    const { length } = this.#choices;
    if (values.length === 0 || length === 0) return [];
    this.#random.setSeed(bytesHash(this.#key(values)));
    const first = this.#random.nextInt(length);
    const drawn = this.#random.nextInt(length);
    const second = first === drawn ? (drawn + 1) % length : drawn;
    const chosen = this.#uses[second]! < this.#uses[first]! ? second : first;
    this.#uses[chosen] = this.#uses[chosen]! + 1;
    return this.#choices[chosen]!;
  }

  refreshLoads(): void {
    // Its own counts decide.
  }

  #key(values: readonly JavaValue[]): Uint8Array {
    if (this.#fields === undefined) return Buffer.from(withoutLoneSurrogates(javaToString(values[0]!)));
    this.#fields.check(values);
    const { indexes } = this.#fields;
    for (let i = 0; i < indexes.length; i++) {
      this.#keyBytes.writeInt32BE(javaHashCode(values[indexes[i]!] ?? null), 4 * i);
    }
    return this.#keyBytes;
  }
}

/** Java's UTF-8 encoder writes a question mark for half a surrogate pair. */
function withoutLoneSurrogates(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '?');
}
