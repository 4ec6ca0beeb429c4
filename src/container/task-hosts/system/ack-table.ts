/** The messages that an acker receives about a tree: the input streams of Storm's `__acker`. */
export const ackKinds = { init: 0, ack: 1, fail: 2, resetTimeout: 3 } as const;
export type AckKind = (typeof ackKinds)[keyof typeof ackKinds];

/** One message to an acker; the ids as two 32-bit halves. A caller may use one object for all. */
export interface AckMessage {
  rootHi: number;
  rootLo: number;
  /** To be XOR-ed into the tree: of init and ack. */
  valueHi: number;
  valueLo: number;
  /** Set for init only. */
  spoutTask: number;
}

/** What the acker sends to the spout; none: nothing yet. */
export type AckOutcome = 'none' | 'ack' | 'fail' | 'resetTimeout';

export interface AckTableOptions {
  /** Most trees tracked at once. */
  readonly treesMax: number;
}

const capacityMin = 1024;
/** An untouched tree lives through this many rotations less one (Storm's Acker: RotatingMap of 3 buckets). */
const buckets = 3;
const noSpout = -1;

/**
 * The trees of one `__acker` task: root id -> XOR of the edge ids seen, spout task, failed flag. Behaves as
 * Storm's Acker over its RotatingMap (storm-client 2.8.3): a tree times out by the rotation in which it first
 * appeared, failed or was reset, not by its last ack. A message that comes after the end of a tree begins a
 * tree that will time out.
 *
 * Open addressing with linear probing over columns of 32-bit numbers; ids are two halves. A removal moves
 * later entries of its run back, so there are no tombstones and a lookup ends at the first empty place.
 */
export class AckTable {
  readonly #treesMax: number;
  /** Invariant: a power of two, the length of every column, and at least twice `#size`. */
  #capacity = capacityMin;
  /** Invariant: the number of places whose state is not 0. */
  #size = 0;
  /** Counts up from 1 so that 0 in the state column means: empty place. */
  #rotation = 1;
  #rootHi = new Int32Array(capacityMin);
  #rootLo = new Int32Array(capacityMin);
  #valueHi = new Int32Array(capacityMin);
  #valueLo = new Int32Array(capacityMin);
  #spout = new Int32Array(capacityMin);
  /** 2 x rotation of the last put + 1 if failed. */
  #state = new Int32Array(capacityMin);
  #startedMs = new Float64Array(capacityMin);
  #refused = 0;

  /** Set by {@link apply} when it answers anything but `none`. */
  spoutTask = noSpout;
  elapsedMs = 0;

  constructor(options: AckTableOptions) {
    this.#treesMax = options.treesMax;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Messages about new trees that were ignored because the table holds `treesMax`; their spouts see a
   * timeout.
   */
  get refused(): number {
    return this.#refused;
  }

  apply(kind: AckKind, message: AckMessage, nowMs: number): AckOutcome {
    const { rootHi, rootLo } = message;
    let at = this.#find(rootHi, rootLo);
    if (this.#state[at] === 0) {
      if (this.#size >= this.#treesMax) {
        this.#refused++;
        return 'none';
      }
      at = this.#insert(at, message, nowMs);
    }
    if (kind === ackKinds.init) this.#spout[at] = message.spoutTask;
    if (kind === ackKinds.init || kind === ackKinds.ack) {
      this.#valueHi[at]! ^= message.valueHi;
      this.#valueLo[at]! ^= message.valueLo;
    } else {
      const failed = kind === ackKinds.fail ? 1 : this.#state[at]! & 1;
      this.#state[at] = 2 * this.#rotation + failed;
    }
    return this.#outcome(at, kind, nowMs);
  }

  /** A message timeout has passed: trees untouched for three of these are forgotten. Returns how many. */
  rotate(): number {
    this.#rotation++;
    const before = this.#size;
    const oldest = this.#rotation - buckets;
    let kept = 0;
    for (let at = 0; at < this.#capacity; at++) if (this.#state[at]! >> 1 > oldest) kept++;
    if (kept < before || this.#capacity > 8 * Math.max(kept, capacityMin)) {
      this.#rebuild(capacityFor(kept), oldest);
    }
    return before - this.#size;
  }

  #outcome(at: number, kind: AckKind, nowMs: number): AckOutcome {
    const spoutTask = this.#spout[at]!;
    if (spoutTask < 0) return 'none';
    const isComplete = this.#valueHi[at] === 0 && this.#valueLo[at] === 0;
    const hasFailed = (this.#state[at]! & 1) === 1;
    if (!isComplete && !hasFailed && kind !== ackKinds.resetTimeout) return 'none';
    this.spoutTask = spoutTask;
    this.elapsedMs = Math.max(0, Math.floor(nowMs - this.#startedMs[at]!));
    if (!isComplete && !hasFailed) return 'resetTimeout';
    this.#remove(at);
    return isComplete ? 'ack' : 'fail';
  }

  /** The place of the root, or the empty place where it belongs. */
  #find(hi: number, lo: number): number {
    const mask = this.#capacity - 1;
    let at = hash(hi, lo) & mask;
    while (this.#state[at] !== 0 && (this.#rootLo[at] !== lo || this.#rootHi[at] !== hi))
      at = (at + 1) & mask;
    return at;
  }

  #insert(place: number, message: AckMessage, nowMs: number): number {
    let at = place;
    if (this.#size * 2 >= this.#capacity) {
      this.#rebuild(this.#capacity * 2, 0);
      at = this.#find(message.rootHi, message.rootLo);
    }
    this.#rootHi[at] = message.rootHi;
    this.#rootLo[at] = message.rootLo;
    this.#valueHi[at] = 0;
    this.#valueLo[at] = 0;
    this.#spout[at] = noSpout;
    this.#state[at] = 2 * this.#rotation;
    this.#startedMs[at] = nowMs;
    this.#size++;
    return at;
  }

  #remove(place: number): void {
    const mask = this.#capacity - 1;
    let hole = place;
    for (let at = (place + 1) & mask; this.#state[at] !== 0; at = (at + 1) & mask) {
      const home = hash(this.#rootHi[at]!, this.#rootLo[at]!) & mask;
      // An entry may move into the hole unless its home lies behind the hole on the way to it.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#move(at, hole);
      hole = at;
    }
    this.#state[hole] = 0;
    this.#size--;
  }

  #move(from: number, to: number): void {
    this.#rootHi[to] = this.#rootHi[from]!;
    this.#rootLo[to] = this.#rootLo[from]!;
    this.#valueHi[to] = this.#valueHi[from]!;
    this.#valueLo[to] = this.#valueLo[from]!;
    this.#spout[to] = this.#spout[from]!;
    this.#state[to] = this.#state[from]!;
    this.#startedMs[to] = this.#startedMs[from]!;
  }

  /** Copies what was put after rotation `oldest` into tables of another size. */
  #rebuild(capacity: number, oldest: number): void {
    const [rootHi, rootLo, valueHi, valueLo] = [this.#rootHi, this.#rootLo, this.#valueHi, this.#valueLo];
    const [spout, state, startedMs] = [this.#spout, this.#state, this.#startedMs];
    this.#capacity = capacity;
    this.#rootHi = new Int32Array(capacity);
    this.#rootLo = new Int32Array(capacity);
    this.#valueHi = new Int32Array(capacity);
    this.#valueLo = new Int32Array(capacity);
    this.#spout = new Int32Array(capacity);
    this.#state = new Int32Array(capacity);
    this.#startedMs = new Float64Array(capacity);
    this.#size = 0;
    for (let from = 0; from < state.length; from++) {
      if (state[from] === 0 || state[from]! >> 1 <= oldest) continue;
      const to = this.#find(rootHi[from]!, rootLo[from]!);
      this.#rootHi[to] = rootHi[from]!;
      this.#rootLo[to] = rootLo[from]!;
      this.#valueHi[to] = valueHi[from]!;
      this.#valueLo[to] = valueLo[from]!;
      this.#spout[to] = spout[from]!;
      this.#state[to] = state[from]!;
      this.#startedMs[to] = startedMs[from]!;
      this.#size++;
    }
  }
}

function capacityFor(trees: number): number {
  let capacity = capacityMin;
  while (capacity < 4 * trees) capacity *= 2;
  return capacity;
}

/** Root ids are random, but a client's spout may make its own: every bit of both halves counts. */
function hash(hi: number, lo: number): number {
  let mixed = Math.imul(lo ^ (lo >>> 16), 0x85ebca6b) ^ Math.imul(hi ^ (hi >>> 15), 0xc2b2ae35);
  mixed ^= mixed >>> 13;
  return mixed ^ (mixed >>> 16);
}
