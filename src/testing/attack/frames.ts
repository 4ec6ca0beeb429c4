import { seededRandom } from '../../base/index.ts';
import { type Seed, type ServiceName, seedsOf } from './corpus.ts';
import { pick } from './hostile-values.ts';
import { knownAttacks } from './known-attacks.ts';
import { mutate } from './mutation.ts';
import { parseMessage } from './thrift-tree.ts';

/** One frame, with its length in front, and what it is. */
export interface AttackFrame {
  readonly bytes: Buffer;
  readonly what: string;
}

/** One frame in so many is a known attack, of a size that others can live beside. */
const knownEvery = 5000;
const lengthLieEvery = 400;

/**
 * The frames against one service. A frame is a function of seed and index alone: any one can be sent again.
 */
export class AttackFrames {
  readonly #seed: number;
  readonly #service: ServiceName;
  readonly #seeds: readonly Seed[];

  constructor(service: ServiceName, seed: number) {
    this.#seed = seed;
    this.#service = service;
    this.#seeds = seedsOf(service, seed);
  }

  at(index: number): AttackFrame {
    const random = seededRandom(
      Math.imul(this.#seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(index + 1, 0xc2b2_ae35),
    );
    if (index % knownEvery === knownEvery - 1) {
      const known = pick(
        knownAttacks.filter(({ service }) => service === this.#service),
        random,
      );
      return { bytes: framed(known.message(random.next() ** 2)), what: known.name };
    }
    const { method, message } = pick(this.#seeds, random);
    const { bytes, what } = mutate(parseMessage(message), random);
    const frame = framed(bytes);
    if (index % lengthLieEvery === 0)
      frame.writeInt32BE(pick([-1, 0, 1, 2 ** 31 - 1, bytes.length + 1], random));
    return { bytes: frame, what: `${method}: ${what}` };
  }
}

export function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(4 + message.length);
  frame.writeInt32BE(message.length);
  message.copy(frame, 4);
  return frame;
}
