import { type JournalLine, parseLine, type TupleId } from './lines.ts';

/** How a run broke the promise. */
export type Fault =
  | 'never acked'
  | 'acked before every sink saw it'
  | 'seen but never emitted'
  | 'acked but never emitted'
  | 'more results than emits'
  | 'emitted again after its ack'
  | 'line torn where no process died';

/** Everything that makes a run fail or that a reader wants to know of it. */
export interface Verdict {
  readonly isKept: boolean;
  /** How often each fault occurred. */
  readonly faults: ReadonlyMap<Fault, number>;
  /** The first of each kind, in words. */
  readonly examples: readonly string[];
  readonly emitted: number;
  readonly acked: number;
  /** Emits of an id beyond its first. */
  readonly replays: number;
  readonly failed: number;
  /** Acks of an id beyond its first: allowed where it was emitted more than once. */
  readonly ackedAgain: number;
  /** Sights of an id at one place of a sink beyond the first. */
  readonly duplicates: number;
  /** Openings of a journal beyond its first: restarts of tasks. */
  readonly restarts: number;
  readonly torn: number;
}

interface IdState {
  emits: number;
  acks: number;
  fails: number;
  /** A bit for each place that saw it. */
  seen: number;
}

const examplesMax = 5;

/**
 * Judges the journals of a run: every id that was emitted is acked in the end, and none was acked before
 * every place that it must reach had seen it. Lines come in as they are found; {@link settle} after a round
 * in which the spouts' journals were read before the sinks': a sink writes before it acks, so what a spout
 * knows acked by then is in them.
 */
export class Checker {
  readonly #places: ReadonlyMap<string, number>;
  readonly #ids = new Map<string, Map<number, IdState>>();
  /** Acked since the last {@link settle}. */
  #unsettled: TupleId[] = [];
  /** Journals that were opened, and those whose last line was torn. */
  readonly #opened = new Set<string>();
  readonly #torn = new Set<string>();
  readonly #faults = new Map<Fault, number>();
  readonly #examples: string[] = [];
  readonly #count = { emitted: 0, acked: 0, replays: 0, failed: 0, ackedAgain: 0, duplicates: 0 };
  #restarts = 0;
  #tornLines = 0;

  /** `places`: what every id must reach, each a sink component or SINK/PART; at most 31. */
  constructor(places: readonly string[]) {
    if (places.length > 31) throw new Error(`${places.length} places, at most 31`);
    this.#places = new Map(places.map((place, bit) => [place, bit]));
  }

  get acked(): number {
    return this.#count.acked;
  }

  get replays(): number {
    return this.#count.replays;
  }

  /** Ids that are emitted and not acked so far. */
  get pending(): number {
    return this.#count.emitted - this.#count.acked;
  }

  /** A line of the journal COMPONENT-TASK. Answers what it says. */
  line(component: string, task: string, text: string): JournalLine {
    const line = parseLine(text);
    const journal = `${component}-${task}`;
    if (line.kind === 'opened') {
      this.#torn.delete(journal);
      if (this.#opened.has(journal)) this.#restarts++;
      this.#opened.add(journal);
      return line;
    }
    // a process that dies tears its last line, and the next one to open the journal says so
    if (this.#torn.delete(journal)) this.#fault('line torn where no process died', journal);
    if (line.kind === 'torn') {
      this.#torn.add(journal);
      this.#tornLines++;
    } else {
      this.#apply(line, component);
    }
    return line;
  }

  /** Every id that was acked so far must have been seen everywhere. */
  settle(): void {
    const all = 2 ** this.#places.size - 1;
    for (const id of this.#unsettled) {
      const missing = all & ~this.#state(id).seen;
      if (missing === 0) continue;
      const names = [...this.#places].filter(([, bit]) => missing & (1 << bit)).map(([name]) => name);
      this.#fault('acked before every sink saw it', `${nameOf(id)}, not seen by ${names.join(', ')}`);
    }
    this.#unsettled = [];
  }

  /** The judgement of a run that has ended: all lines are in. */
  verdict(): Verdict {
    this.settle();
    for (const [source, numbers] of this.#ids)
      for (const [number, state] of numbers) this.#judge({ source, number }, state);
    const isKept = this.#faults.size === 0;
    const restarts = this.#restarts;
    return {
      isKept,
      faults: this.#faults,
      examples: this.#examples,
      ...this.#count,
      restarts,
      torn: this.#tornLines,
    };
  }

  #judge(id: TupleId, state: IdState): void {
    if (state.emits === 0) {
      if (state.seen !== 0) this.#fault('seen but never emitted', nameOf(id));
      if (state.acks > 0) this.#fault('acked but never emitted', nameOf(id));
      return;
    }
    if (state.acks === 0)
      this.#fault('never acked', `${nameOf(id)}, emitted ${state.emits} and failed ${state.fails} times`);
    if (state.acks + state.fails > state.emits)
      this.#fault(
        'more results than emits',
        `${nameOf(id)}: ${state.emits} emits, ${state.acks} acks, ${state.fails} fails`,
      );
  }

  #apply(line: Exclude<JournalLine, { kind: 'opened' | 'torn' }>, component: string): void {
    const state = this.#state(line.id);
    const count = this.#count;
    switch (line.kind) {
      case 'emitted':
        if (state.emits++ === 0) count.emitted++;
        else count.replays++;
        if (state.acks > 0) this.#fault('emitted again after its ack', nameOf(line.id));
        return;
      case 'acked':
        if (state.acks++ > 0) count.ackedAgain++;
        else {
          count.acked++;
          this.#unsettled.push(line.id);
        }
        return;
      case 'failed':
        state.fails++;
        count.failed++;
        return;
      case 'seen': {
        const place = line.part === '' ? component : `${component}/${line.part}`;
        const bit = this.#places.get(place);
        if (bit === undefined)
          throw new Error(`no id must reach ${place}; expected ${[...this.#places.keys()].join(', ')}`);
        if (state.seen & (1 << bit)) count.duplicates++;
        state.seen |= 1 << bit;
      }
    }
  }

  #state({ source, number }: TupleId): IdState {
    const numbers = this.#ids.get(source) ?? new Map<number, IdState>();
    this.#ids.set(source, numbers);
    const state = numbers.get(number) ?? { emits: 0, acks: 0, fails: 0, seen: 0 };
    numbers.set(number, state);
    return state;
  }

  #fault(fault: Fault, what: string): void {
    const before = this.#faults.get(fault) ?? 0;
    this.#faults.set(fault, before + 1);
    if (before < examplesMax) this.#examples.push(`${fault}: ${what}`);
  }
}

function nameOf({ source, number }: TupleId): string {
  return `${source}:${number}`;
}
