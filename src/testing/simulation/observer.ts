import { strict as assert } from 'node:assert';
import type { Logger } from '../../base/index.ts';
import type { PhysicalPlan } from '../../topology/index.ts';
import type { World } from './world.ts';

interface Line {
  readonly elapsedMs: number;
  readonly who: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

const linesMax = 120;

/**
 * Receives what all processes log, keeps the latest lines for a developer who has to understand a failure,
 * counts them by event, and checks what must hold between processes: who published which plan, and what it
 * said.
 */
export class Observer {
  readonly counters = new Map<string, number>();
  /**
   * False once the store was emptied or went back: what only it knew is forgotten. A lease is then given
   * again under the epoch of the same second, so two masters may use one epoch until stream managers tell
   * them of it.
   */
  isStoreSound = true;
  /**
   * False once the store could be late with an answer: a new master then takes a stale incarnation in, until
   * its successor comes.
   */
  isStoreSwift = true;
  readonly #world: World;
  readonly #lines: Line[] = [];
  readonly #publisherOf = new Map<number, string>();
  readonly #planOf = new Map<number, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The log of one process. `heard` is called with each line. */
  log(who: string, heard?: (event: string, fields: Readonly<Record<string, unknown>>) => void): Logger {
    const write = (fields: { readonly event: string } & Readonly<Record<string, unknown>>): void => {
      this.count(fields.event);
      this.#keep({ elapsedMs: this.#world.elapsedMs, who, text: '', fields });
      if (fields.event === 'plan.published') this.#published(fields['epoch'] as number, who);
      heard?.(fields.event, fields);
    };
    const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
    return log;
  }

  /** Something that the simulation does itself. */
  note(text: string): void {
    this.#keep({ elapsedMs: this.#world.elapsedMs, who: '--', text, fields: undefined });
  }

  count(counter: string, by = 1): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + by);
  }

  most(counter: string, value: number): void {
    if (value > (this.counters.get(counter) ?? 0)) this.counters.set(counter, value);
  }

  /** A stream manager holds this plan. All that hold a plan of this epoch hold the same. */
  planTaken(plan: PhysicalPlan): void {
    if (!this.isStoreSound) return;
    const text = JSON.stringify(plan);
    const known = this.#planOf.get(plan.epoch);
    if (known === undefined) this.#planOf.set(plan.epoch, text);
    else assert.equal(text, known, `two plans of epoch ${plan.epoch}`);
  }

  transcript(): string {
    return this.#lines.map(printLine).join('\n');
  }

  #published(epoch: number, who: string): void {
    if (!this.isStoreSound) return;
    const publisher = this.#publisherOf.get(epoch) ?? who;
    assert.equal(publisher, who, `two masters publish under epoch ${epoch}`);
    this.#publisherOf.set(epoch, who);
  }

  #keep(line: Line): void {
    if (this.#lines.push(line) > 2 * linesMax) this.#lines.splice(0, linesMax);
  }
}

function printLine({ elapsedMs, who, text, fields }: Line): string {
  const head = `${elapsedMs.toFixed(2).padStart(10)} ${who.padEnd(14)}`;
  if (fields === undefined) return `${head} ${text}`;
  const { event, ...rest } = fields;
  const details = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [head, String(event), ...details].join(' ');
}
