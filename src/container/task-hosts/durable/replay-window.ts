import type { Dlsn, LogRecord } from '../../../dlog/index.ts';
import { RecordCursor } from '../../../tuple/index.ts';

/** A record that was read, while a tuple of it is not complete. */
interface HeldRecord {
  readonly dlsn: Dlsn;
  readonly payload: Uint8Array;
  readonly place: number;
  /** Tuples that are not complete. */
  left: number;
}

export interface WindowOptions {
  /** The bound on in-flight tuples; at most 2^20. */
  readonly tuplesMax: number;
  readonly bytesMax: number;
  /**
   * Draws 12 random bits that become part of every root id. They are new for each life, so an
   * outcome that belongs to an earlier life can be recognized.
   */
  readonly drawSalt: () => number;
}

const slotBits = 20;
const slotMask = (1 << slotBits) - 1;
/** States of a slot. */
const free = 0;
const emitting = 1;
const underWay = 2;
const waiting = 3;

/** The second try comes at once, later ones after a pause that doubles. */
const retryFirstMs = 20;
const retryMaxMs = 10_000;

/**
 * The tuples of a source between the log and the completion of their trees, in slots of typed arrays, and the
 * position that may be committed: the one after the last record up to which all are complete. Pure: the
 * caller passes the time as a number.
 *
 *   read --next--> emitting --emitted--> in flight --complete--> free
 *                                 ^          | fail, or two rotations
 *                                 +--next-- waiting
 *
 * Invariant: `position` never passes a tuple that is not complete.
 */
export class ReplayWindow {
  readonly #options: WindowOptions;
  readonly #state: Uint8Array;
  readonly #attempts: Uint8Array;
  readonly #isDoubtful: Uint8Array;
  readonly #rootHi: Int32Array;
  readonly #start: Int32Array;
  readonly #end: Int32Array;
  readonly #rotationOf: Int32Array;
  readonly #dueMs: Float64Array;
  readonly #recordOf: (HeldRecord | undefined)[];
  /** Free slots, on top of the last. */
  #freeSlots: Int32Array;
  #freeCount = 0;
  #slotCount = 0;
  #salt = 0;
  #rotation = 0;
  /** Records in the order of the log, from #first on; those before are complete. */
  #records: HeldRecord[] = [];
  #first = 0;
  /** The next record to emit from, and whether the cursor stands in it. */
  #unread = 0;
  #isInRecord = false;
  readonly #cursor = new RecordCursor();
  readonly #header = new RecordCursor();
  #bytes = 0;
  #underWay = 0;
  #doubtful = 0;
  #due: number[] = [];
  #later: number[] = [];
  #position: Dlsn | undefined;

  /** Set by {@link next}: the tuple to emit, and where its values lie. */
  slot = 0;
  payload: Uint8Array = new Uint8Array(0);
  valuesStart = 0;
  valuesEnd = 0;
  place = 0;

  constructor(options: WindowOptions) {
    const size = options.tuplesMax;
    this.#options = options;
    this.#state = new Uint8Array(size);
    this.#attempts = new Uint8Array(size);
    this.#isDoubtful = new Uint8Array(size);
    this.#rootHi = new Int32Array(size);
    this.#start = new Int32Array(size);
    this.#end = new Int32Array(size);
    this.#rotationOf = new Int32Array(size);
    this.#dueMs = new Float64Array(size);
    this.#freeSlots = new Int32Array(size);
    this.#recordOf = [];
    this.begin(undefined);
  }

  /** Forgets everything; reading resumes at `position`. */
  begin(position: Dlsn | undefined): void {
    this.#state.fill(free);
    this.#recordOf.length = 0;
    this.#freeCount = 0;
    this.#slotCount = 0;
    this.#salt = this.#options.drawSalt() << slotBits;
    this.#records = [];
    this.#first = 0;
    this.#unread = 0;
    this.#isInRecord = false;
    this.#bytes = 0;
    this.#underWay = 0;
    this.#doubtful = 0;
    this.#due = [];
    this.#later = [];
    this.#position = position;
  }

  /** Before it all is complete. Undefined: nothing was read yet, from the beginning of the stream. */
  get position(): Dlsn | undefined {
    return this.#position;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Tuples whose trees are not complete: emitted, or failed and to be emitted again. */
  get tuples(): number {
    return this.#underWay + this.#due.length + this.#later.length;
  }

  /** No more is to be read for now. */
  get isFull(): boolean {
    return this.#bytes >= this.#options.bytesMax;
  }

  /** Some have failed and wait for their time. */
  get hasLater(): boolean {
    return this.#later.length > 0;
  }

  /** Throws `WIRE_CORRUPT` for a record that no sink wrote; it is then left out. */
  push({ lssn, entry, slot, payload }: LogRecord): void {
    this.#header.open(payload);
    const { place, count } = this.#header;
    const record = { dlsn: { lssn, entry, slot }, payload, place, left: count };
    this.#records.push(record);
    this.#bytes += payload.length;
    if (count === 0) this.#settle();
  }

  /** Moves to the next tuple to emit: one that failed first. False when there is none, or no room. */
  next(): boolean {
    const again = this.#due.pop();
    if (again !== undefined) {
      const record = this.#recordOf[again]!;
      this.#state[again] = emitting;
      this.#point(again, record, { start: this.#start[again]!, end: this.#end[again]! });
      return true;
    }
    if (this.tuples >= this.#options.tuplesMax) return false;
    while (this.#isInRecord || this.#openNext()) {
      if (this.#cursor.next()) {
        const record = this.#records[this.#unread]!;
        const { valuesStart: start, valuesEnd: end } = this.#cursor;
        this.#point(this.#take(record, start, end), record, { start, end });
        return true;
      }
      this.#isInRecord = false;
      this.#unread++;
    }
    return false;
  }

  /** The low half of the root id of the tuple in a slot. */
  rootLo(slot: number): number {
    return this.#salt | slot;
  }

  /** The tuple is in flight under this root. */
  emitted(slot: number, rootHi: number): void {
    this.#state[slot] = underWay;
    this.#rootHi[slot] = rootHi;
    this.#rotationOf[slot] = this.#rotation;
    this.#underWay++;
  }

  /** The slot of the tuple with this root, or -1: complete, failed, or of another life. */
  find(rootHi: number, rootLo: number): number {
    const slot = rootLo & slotMask;
    const isIt =
      slot < this.#slotCount &&
      (rootLo & ~slotMask) === this.#salt &&
      this.#state[slot] === underWay &&
      this.#rootHi[slot] === rootHi;
    return isIt ? slot : -1;
  }

  /** The tree has come to its end, or there is none. */
  complete(slot: number): void {
    const record = this.#recordOf[slot]!;
    if (this.#state[slot] === underWay) this.#land(slot);
    this.#state[slot] = free;
    this.#recordOf[slot] = undefined;
    this.#freeSlots[this.#freeCount++] = slot;
    record.left--;
    if (record.left === 0) this.#settle();
  }

  /** To be emitted again: the first time at once. */
  fail(slot: number, nowMs: number): void {
    if (this.#state[slot] === underWay) this.#land(slot);
    this.#state[slot] = waiting;
    const attempts = this.#attempts[slot]!;
    if (attempts < 255) this.#attempts[slot] = attempts + 1;
    if (attempts === 0) {
      this.#due.push(slot);
      return;
    }
    this.#dueMs[slot] = nowMs + Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(attempts, 20));
    this.#later.push(slot);
  }

  /** Restarts the timeout of a tree. */
  touch(slot: number): void {
    this.#rotationOf[slot] = this.#rotation;
  }

  /** Those whose pause is over can be emitted again. */
  wakeLater(nowMs: number): void {
    const stillLater: number[] = [];
    for (const slot of this.#later) (this.#dueMs[slot]! <= nowMs ? this.#due : stillLater).push(slot);
    this.#later = stillLater;
  }

  /** Fails every tree that was in flight before the last rotation. Returns how many. */
  rotate(nowMs: number): number {
    this.#rotation++;
    return this.#failWhere(nowMs, (slot) => this.#rotationOf[slot]! < this.#rotation - 1);
  }

  /** Fails the trees whose root ids are among these. Answers how many. */
  failWhere(nowMs: number, isLost: (rootHi: number, rootLo: number) => boolean): number {
    return this.#failWhere(nowMs, (slot) => isLost(this.#rootHi[slot]!, this.rootLo(slot)));
  }

  /** Marks all in-flight tuples as doubtful: part of their trees may be lost. */
  doubt(): void {
    for (let slot = 0; slot < this.#slotCount; slot++) {
      if (this.#state[slot] !== underWay || this.#isDoubtful[slot] === 1) continue;
      this.#isDoubtful[slot] = 1;
      this.#doubtful++;
    }
  }

  /** Tuples that were doubtful and are neither complete nor failed yet. */
  get doubtful(): number {
    return this.#doubtful;
  }

  failDoubtful(nowMs: number): number {
    return this.#failWhere(nowMs, (slot) => this.#isDoubtful[slot] === 1);
  }

  #failWhere(nowMs: number, isIt: (slot: number) => boolean): number {
    let failed = 0;
    for (let slot = 0; slot < this.#slotCount; slot++) {
      if (this.#state[slot] !== underWay || !isIt(slot)) continue;
      this.fail(slot, nowMs);
      failed++;
    }
    return failed;
  }

  #land(slot: number): void {
    this.#underWay--;
    this.#doubtful -= this.#isDoubtful[slot]!;
    this.#isDoubtful[slot] = 0;
  }

  #openNext(): boolean {
    const record = this.#records[this.#unread];
    if (record === undefined) return false;
    this.#cursor.open(record.payload);
    this.#isInRecord = true;
    return true;
  }

  #take(record: HeldRecord, start: number, end: number): number {
    const slot = this.#freeCount > 0 ? this.#freeSlots[--this.#freeCount]! : this.#slotCount++;
    this.#state[slot] = emitting;
    this.#attempts[slot] = 0;
    this.#isDoubtful[slot] = 0;
    this.#recordOf[slot] = record;
    this.#start[slot] = start;
    this.#end[slot] = end;
    return slot;
  }

  #point(slot: number, record: HeldRecord, values: { readonly start: number; readonly end: number }): void {
    this.slot = slot;
    this.payload = record.payload;
    this.place = record.place;
    this.valuesStart = values.start;
    this.valuesEnd = values.end;
  }

  /** Releases the complete records at the front. */
  #settle(): void {
    let record = this.#records[this.#first];
    while (record !== undefined && record.left === 0) {
      this.#bytes -= record.payload.length;
      this.#position = { ...record.dlsn, slot: record.dlsn.slot + 1 };
      this.#first++;
      // Complete with its last tuple while the cursor still stands behind that, or empty and never opened.
      if (this.#unread < this.#first) {
        this.#unread = this.#first;
        this.#isInRecord = false;
      }
      record = this.#records[this.#first];
    }
    if (this.#first < 1024 || this.#first * 2 < this.#records.length) return;
    this.#records = this.#records.slice(this.#first);
    this.#unread -= this.#first;
    this.#first = 0;
  }
}
