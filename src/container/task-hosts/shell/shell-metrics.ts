import { LosslessNumber } from 'lossless-json';
import { type JavaValue, java } from '../../../tuple/index.ts';
import type { DataPoint } from '../../metrics-manager/index.ts';
import { type ChildJson, toJavaValue } from './json-reading.ts';

/** Names beyond these are counted together. */
const namesMax = 1000;
const others = '(other names)';

interface Metric {
  /** Since the last line of the log. */
  updates: number;
  logged: number;
  /** Since the last data point. */
  sum: number;
  isWhole: boolean;
  /** What was said last, where that is neither a number nor nothing. */
  last: ChildJson;
}

/**
 * The metrics that a child updates by name. Storm wants each registered by Java code, and ends the worker for
 * one that is not; a shell component has no Java code, so here every name is good. Numbers add up, no value
 * counts as 1 (CountShellMetric 2.8), and of anything else the last is kept.
 */
export class ShellMetrics {
  readonly #byName = new Map<string, Metric>();

  update(name: string, params: ChildJson): void {
    const metric = this.#metric(this.#byName.has(name) || this.#byName.size < namesMax ? name : others);
    metric.updates++;
    const amount = params instanceof LosslessNumber ? Number(params.value) : params;
    if (amount === null || typeof amount === 'number') {
      metric.last = null;
      metric.sum += amount ?? 1;
      metric.logged += amount ?? 1;
      metric.isWhole &&= Number.isSafeInteger(metric.sum);
    } else metric.last = params;
  }

  /** One line for each metric updated since the last call. The counts that it prints restart at zero. */
  drain(): string[] {
    const updated = [...this.#byName].filter(([, { updates }]) => updates > 0);
    return updated.map(([name, metric]) => {
      const text = `${name}: ${metric.updates} updates, sum ${metric.logged}`;
      metric.updates = 0;
      metric.logged = 0;
      return text;
    });
  }

  /** One data point for each name so far; the sums restart at zero. */
  read(): DataPoint[] {
    return [...this.#byName].map(([name, metric]) => {
      const value = pointValue(metric);
      metric.sum = 0;
      metric.isWhole = true;
      return { name, value };
    });
  }

  #metric(name: string): Metric {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const metric: Metric = { updates: 0, logged: 0, sum: 0, isWhole: true, last: null };
    this.#byName.set(name, metric);
    return metric;
  }
}

function pointValue({ last, sum, isWhole }: Metric): JavaValue {
  if (last !== null) return toJavaValue(last);
  return isWhole ? java.long(BigInt(sum)) : java.double(sum);
}
