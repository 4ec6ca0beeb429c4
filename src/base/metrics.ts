import type * as Prometheus from 'prom-client';

type Library = Pick<typeof Prometheus, 'collectDefaultMetrics' | 'Counter' | 'Gauge' | 'Registry'>;

export interface CounterMetric<L extends string> {
  add(labels: Readonly<Record<L, string>>, count?: number): void;
}

/**
 * The metrics of one process, in Prometheus's data model. Rooms declare theirs in a file of their own and get
 * the registry passed in; names begin with `egret_`, carry their unit, and counters end in `_total`.
 */
export class Metrics {
  readonly #prometheus: Library;
  readonly #registry: Prometheus.Registry;

  private constructor(prometheus: Library) {
    this.#prometheus = prometheus;
    this.#registry = new prometheus.Registry();
  }

  /** Loads prom-client only now: containers and commands import this room and must start fast. */
  static async open(): Promise<Metrics> {
    const { default: prometheus } = await import('prom-client');
    return new Metrics(prometheus);
  }

  /**
   * Memory, CPU time, file descriptors, garbage collection and event-loop lag, under prom-client's own names.
   */
  collectProcess(): void {
    this.#prometheus.collectDefaultMetrics({ register: this.#registry });
  }

  /** A label's values must be few: each one is a time series of its own. */
  counter<L extends string>(name: string, help: string, labelNames: readonly L[]): CounterMetric<L> {
    const counter = new this.#prometheus.Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    });
    return { add: (labels, count = 1) => counter.inc(labels, count) };
  }

  /** `read` runs each time the metrics are read. */
  gauge(name: string, help: string, read: () => number): void {
    new this.#prometheus.Gauge({
      ...{ name, help, registers: [this.#registry] },
      collect() {
        this.set(read());
      },
    });
  }

  /** Prometheus's text format, version 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
