import { type Clock, deferred, throwIfAborted } from '../../base/index.ts';
import type { EventOptions, SimulatedEvent, World } from './world.ts';

/**
 * A simulated process: its actions run while it runs, wait while it is stopped (SIGSTOP), and never run once
 * it is dead. The objects of a dead process are never called again, as after a kill -9.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #world: World;
  #state: 'running' | 'stopped' | 'dead' = 'running';
  /** What became due while it was stopped, in order. */
  #backlog: { readonly action: () => void; readonly options: EventOptions }[] = [];
  #timers = 0;
  #runsSinceMs: number;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.#runsSinceMs = world.nowMs;
    this.clock = this.#makeClock();
  }

  get isAlive(): boolean {
    return this.#state !== 'dead';
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  /** For how long it has been running without a break, in ms; 0 when it does not. */
  get runsForMs(): number {
    return this.#state === 'running' ? this.#world.nowMs - this.#runsSinceMs : 0;
  }

  /** Timers that are set: more and more of them are a leak. */
  get timers(): number {
    return this.#timers;
  }

  /** Runs `action` in this process after `ms`. */
  after(ms: number, action: () => void, options: EventOptions = {}): SimulatedEvent {
    return this.#world.after(ms, () => this.#enter(action, options), options);
  }

  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped';
  }

  resume(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    this.#runsSinceMs = this.#world.nowMs;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const { action, options } of backlog) this.after(0, action, options);
  }

  die(): void {
    this.#state = 'dead';
    this.#backlog = [];
  }

  #enter(action: () => void, options: EventOptions): void {
    // Actions that waited run first, even right after the process is resumed.
    if (this.#state === 'running') action();
    else if (this.#state === 'stopped') this.#backlog.push({ action, options });
  }

  #makeClock(): Clock {
    const world = this.#world;
    const set = (ms: number, then: () => void, options?: EventOptions): Disposable => {
      this.#timers++;
      let isSet = true;
      const unset = (): boolean => {
        if (!isSet) return false;
        isSet = false;
        this.#timers--;
        return true;
      };
      const fire = (): void => {
        if (unset()) then();
      };
      const event = this.after(ms, fire, options);
      return {
        [Symbol.dispose]: () => {
          if (unset()) event.action = undefined;
        },
      };
    };
    return {
      nowMs: () => world.nowMs,
      monotonicMs: () => world.nowMs,
      after: (ms, then) => set(ms, then),
      every: (ms, tick) => {
        let timer = set(ms, fire);
        function fire(): void {
          timer = set(Math.max(1, ms), fire);
          tick();
        }
        return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
      },
      async sleep(ms, signal) {
        throwIfAborted(signal);
        const over = deferred<undefined>();
        const wake = (): void => over.resolve(undefined);
        const timer = set(ms, wake, { isPromised: true });
        signal?.addEventListener('abort', wake, { once: true });
        await over.promise;
        timer[Symbol.dispose]();
        signal?.removeEventListener('abort', wake);
        throwIfAborted(signal);
      },
    };
  }
}
