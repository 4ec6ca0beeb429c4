import { LosslessNumber } from 'lossless-json';
import type { ChildJson } from './json-reading.ts';

/** Names beyond these are counted together. */
const namesMax = 1000;
const others = '(other names)';

/**
 * The metrics that a child updates by name. Storm wants each registered by Java code, and ends the worker for one that
 * is not; a shell component has no Java code, so here every name is good. Numbers add up.
 */
export class ShellMetrics {
  readonly #byName = new Map<string, { updates: number; sum: number }>();

  update(name: string, params: ChildJson): void {
    const known = this.#byName.has(name) || this.#byName.size < namesMax;
    const key = known ? name : others;
    const metric = this.#byName.get(key) ?? { updates: 0, sum: 0 };
    metric.updates++;
    const amount = params instanceof LosslessNumber ? Number(params.value) : params;
    if (typeof amount === 'number') metric.sum += amount;
    this.#byName.set(key, metric);
  }

  /** One text for each metric updated since the last call, which begins anew. */
  drain(): string[] {
    const lines = [...this.#byName].map(
      ([name, { updates, sum }]) => `${name}: ${updates} updates, sum ${sum}`,
    );
    this.#byName.clear();
    return lines;
  }
}
