import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareDlsn, type Dlsn, type LogRecord } from '../../../dlog/index.ts';
import { ReplayWindow } from './replay-window.ts';

/** A record of tuples, each with one byte of values: its number. */
function record(dlsn: Dlsn, tuples: readonly number[], place = 0): LogRecord {
  const payload = Buffer.alloc(8 + 5 * tuples.length);
  payload.writeUInt16LE(1, 0);
  payload.writeUInt16LE(place, 2);
  payload.writeUInt32LE(tuples.length, 4);
  tuples.forEach((tuple, i) => {
    payload.writeUInt32LE(1, 8 + 5 * i);
    payload[12 + 5 * i] = tuple;
  });
  return { ...dlsn, transactionId: 0, sequenceId: 0, payload };
}

const dlsnOf = (entry: number): Dlsn => ({ lssn: 1, entry, slot: 0 });

function open(tuplesMax = 64, bytesMax = 1 << 20): ReplayWindow {
  return new ReplayWindow({ tuplesMax, bytesMax, drawSalt: () => 0xabc });
}

/** Emits the next tuple and answers its number and slot, or undefined. */
function emitNext(
  window: ReplayWindow,
  rootHi = 7,
): { readonly tuple: number; readonly slot: number } | undefined {
  if (!window.next()) return undefined;
  const { slot } = window;
  const tuple = window.payload[window.valuesStart]!;
  assert.equal(window.valuesEnd - window.valuesStart, 1);
  window.emitted(slot, rootHi);
  return { tuple, slot };
}

describe('ReplayWindow', () => {
  it('emits the tuples of its records in their order, and says behind which record all are complete', () => {
    const window = open();
    window.push(record(dlsnOf(0), [1, 2]));
    window.push(record(dlsnOf(1), [3]));
    const [one, two, three] = [emitNext(window)!, emitNext(window)!, emitNext(window)!];
    assert.deepEqual([one.tuple, two.tuple, three.tuple, emitNext(window)], [1, 2, 3, undefined]);
    window.complete(three.slot);
    window.complete(one.slot);
    assert.equal(window.position, undefined);
    window.complete(two.slot);
    assert.deepEqual(window.position, { lssn: 1, entry: 1, slot: 1 });
    assert.deepEqual([window.tuples, window.bytes], [0, 0]);
  });

  it('has no more tuples in flight than allowed, and uses room that becomes free', () => {
    const window = open(2);
    window.push(record(dlsnOf(0), [1, 2, 3]));
    const first = emitNext(window)!;
    emitNext(window);
    assert.equal(emitNext(window), undefined);
    window.complete(first.slot);
    assert.equal(emitNext(window)?.tuple, 3);
  });

  it('is full at its bytes, until records are complete', () => {
    const window = open(8, 20);
    window.push(record(dlsnOf(0), [1]));
    assert.equal(window.isFull, false);
    window.push(record(dlsnOf(1), [2]));
    assert.equal(window.isFull, true);
    window.complete(emitNext(window)!.slot);
    assert.equal(window.isFull, false);
  });

  it('emits again what failed: at once, and after pauses that grow', () => {
    const window = open();
    window.push(record(dlsnOf(0), [1]));
    window.fail(emitNext(window)!.slot, 0);
    assert.equal(window.hasLater, false);
    window.fail(emitNext(window)!.slot, 0);
    assert.equal(emitNext(window), undefined);
    window.wakeLater(39);
    assert.equal(emitNext(window), undefined);
    window.wakeLater(40);
    window.fail(emitNext(window)!.slot, 40);
    window.wakeLater(119);
    assert.equal(emitNext(window), undefined);
    window.wakeLater(120);
    window.complete(emitNext(window)!.slot);
    assert.deepEqual(window.position, { lssn: 1, entry: 0, slot: 1 });
  });

  it('fails a tree at the second rotation, unless it was touched', () => {
    const window = open();
    window.push(record(dlsnOf(0), [1, 2]));
    emitNext(window);
    const touched = emitNext(window)!;
    assert.equal(window.rotate(0), 0);
    window.touch(touched.slot);
    assert.equal(window.rotate(0), 1);
    assert.equal(window.rotate(0), 1);
  });

  it('knows a tree by both halves of its root, and none that has ended or began before it did itself', () => {
    let salt = 1;
    const window = new ReplayWindow({ tuplesMax: 4, bytesMax: 100, drawSalt: () => salt++ });
    window.push(record(dlsnOf(0), [1]));
    const { slot } = emitNext(window, 99)!;
    const rootLo = window.rootLo(slot);
    assert.equal(window.find(99, rootLo), slot);
    assert.equal(window.find(98, rootLo), -1);
    assert.equal(window.find(99, rootLo + 1), -1);
    window.begin(undefined);
    window.push(record(dlsnOf(0), [1]));
    emitNext(window, 99);
    assert.equal(window.find(99, rootLo), -1, 'of the life before');
    window.complete(slot);
    assert.equal(window.find(99, window.rootLo(slot)), -1);
  });

  it('counts what is doubtful until it is complete or failed', () => {
    const window = open();
    window.push(record(dlsnOf(0), [1, 2, 3]));
    const [one, two] = [emitNext(window)!, emitNext(window)!];
    window.doubt();
    emitNext(window);
    assert.equal(window.doubtful, 2);
    window.complete(one.slot);
    assert.equal(window.doubtful, 1);
    assert.equal(window.failDoubtful(0), 1);
    assert.equal(window.doubtful, 0);
    assert.equal(emitNext(window)?.tuple, two.tuple);
  });

  it('passes records without tuples', () => {
    const window = open();
    window.push(record(dlsnOf(0), []));
    assert.deepEqual(window.position, { lssn: 1, entry: 0, slot: 1 });
    window.push(record(dlsnOf(1), [1]));
    window.push(record(dlsnOf(2), []));
    window.complete(emitNext(window)!.slot);
    assert.deepEqual(window.position, { lssn: 1, entry: 2, slot: 1 });
  });

  it('refuses what no sink wrote', () => {
    const strange = (payload: Buffer): LogRecord => ({ ...record(dlsnOf(0), [1]), payload });
    assert.throws(() => open().push(strange(Buffer.from('hello'))), { code: 'WIRE_CORRUPT' });
  });

  it('never says a position behind a tuple that is not complete, whatever happens in whatever order', () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('push' as const), of: fc.integer({ min: 0, max: 4 }) }),
      },
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('emit' as const), of: fc.constant(0) }) },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('complete' as const), of: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), of: fc.nat(20) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constantFrom('rotate' as const, 'later' as const),
          of: fc.nat(50_000),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 9 }), (steps, tuplesMax) => {
        const model = new Model(tuplesMax);
        for (const { kind, of } of steps) model.step(kind, of);
        model.finish();
      }),
      { numRuns: 1000 },
    );
  });
});

/** The same over plain lists: which tuple of which record is complete. */
class Model {
  readonly #window: ReplayWindow;
  readonly #records: { readonly dlsn: Dlsn; readonly complete: boolean[] }[] = [];
  readonly #tuples: { readonly record: number; readonly at: number }[] = [];
  #underWay: { readonly tuple: number; readonly slot: number; readonly rootHi: number }[] = [];
  #emits = 0;
  #nowMs = 0;

  constructor(tuplesMax: number) {
    this.#window = open(tuplesMax);
  }

  step(kind: 'push' | 'emit' | 'complete' | 'fail' | 'rotate' | 'later', of: number): void {
    if (kind === 'push' && this.#tuples.length + of < 256) this.#push(of);
    if (kind === 'emit') this.#emit();
    if (kind === 'later') this.#later(of);
    if (kind === 'rotate') this.#rotate();
    const at = of % Math.max(1, this.#underWay.length);
    const one = this.#underWay[at];
    if (one !== undefined && (kind === 'complete' || kind === 'fail')) {
      this.#underWay.splice(at, 1);
      const slot = this.#window.find(one.rootHi, this.#window.rootLo(one.slot));
      assert.equal(slot, one.slot);
      if (kind === 'complete') this.#complete(one.tuple, slot);
      else this.#window.fail(slot, this.#nowMs);
    }
    this.#check();
  }

  /** All that is left completes, and the position is behind it all. */
  finish(): void {
    for (let turn = 0; turn < 2000; turn++) {
      this.#later(60_000);
      this.step('emit', 0);
      this.step('complete', 0);
    }
    assert.ok(
      this.#records.every(({ complete }) => complete.every(Boolean)),
      'some tuple never came again',
    );
    assert.equal(this.#window.tuples, 0);
    assert.equal(this.#window.bytes, 0);
  }

  #push(count: number): void {
    const dlsn = dlsnOf(this.#records.length);
    const numbers = Array.from({ length: count }, (_, at) => {
      this.#tuples.push({ record: this.#records.length, at });
      return this.#tuples.length - 1;
    });
    this.#records.push({ dlsn, complete: numbers.map(() => false) });
    this.#window.push(record(dlsn, numbers));
  }

  #emit(): void {
    const rootHi = ++this.#emits;
    const emitted = emitNext(this.#window, rootHi);
    if (emitted === undefined) return;
    assert.ok(!this.#underWay.some(({ tuple }) => tuple === emitted.tuple), 'emitted while in flight');
    const { record: place, at } = this.#tuples[emitted.tuple]!;
    assert.equal(this.#records[place]!.complete[at], false, 'emitted again though complete');
    this.#underWay.push({ ...emitted, rootHi });
  }

  #complete(tuple: number, slot: number): void {
    const { record: place, at } = this.#tuples[tuple]!;
    this.#records[place]!.complete[at] = true;
    this.#window.complete(slot);
  }

  #later(ms: number): void {
    this.#nowMs += ms;
    this.#window.wakeLater(this.#nowMs);
  }

  #rotate(): void {
    this.#window.rotate(this.#nowMs);
    this.#underWay = this.#underWay.filter(
      ({ rootHi, slot }) => this.#window.find(rootHi, this.#window.rootLo(slot)) === slot,
    );
  }

  #check(): void {
    const incomplete = this.#records.find(({ complete }) => !complete.every(Boolean));
    const { position } = this.#window;
    if (incomplete !== undefined && position !== undefined)
      assert.ok(compareDlsn(position, incomplete.dlsn) <= 0, 'the position passed an incomplete tuple');
    const all =
      incomplete === undefined ? this.#records.at(-1) : this.#records[this.#records.indexOf(incomplete) - 1];
    const expected = all === undefined ? undefined : { ...all.dlsn, slot: 1 };
    assert.deepEqual(position, expected);
  }
}
