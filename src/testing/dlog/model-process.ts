import {
  type Clock,
  type Deferred,
  deferred,
  type RandomSource,
  silentLog,
  TaskGroup,
} from '../../base/index.ts';
import type { Fence, StateStore, StateWrites } from '../../coordination/index.ts';
import { DistributedLog } from '../../dlog/index.ts';
import type { Medium } from './medium.ts';

interface World {
  readonly medium: Medium;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/**
 * A process of the model: everything it does waits for its turn, and between any two steps it may be stopped
 * for long, or permanently.
 */
export class ModelProcess {
  readonly log: DistributedLog;
  readonly name: string;
  #isPaused = false;
  #isDead = false;
  readonly #waiting: Deferred<undefined>[] = [];
  readonly #late: TaskGroup;

  constructor(world: World, name: string, report: (error: unknown) => void) {
    this.name = name;
    this.#late = new TaskGroup(report);
    const { random } = world;
    const clock = this.#clock(world.clock);
    const storage = world.medium.storage(this, clock);
    const store = this.#slow(world.store);
    this.log = new DistributedLog({
      storage,
      store,
      clock,
      random,
      log: silentLog,
    });
  }

  /** Resolves when the model gives this process its turn. */
  turn(): Promise<void> {
    const waiting = deferred<undefined>();
    if (!this.#isDead) this.#waiting.push(waiting);
    return waiting.promise;
  }

  get canStep(): boolean {
    return !this.#isDead && !this.#isPaused && this.#waiting.length > 0;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  step(which: number): void {
    const [next] = this.#waiting.splice(which % this.#waiting.length, 1);
    next?.resolve(undefined);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  kill(): void {
    this.#isDead = true;
    this.#waiting.length = 0;
  }

  #clock(clock: Clock): Clock {
    const later = (tick: () => void) => () => {
      if (!this.#isDead) this.#late.add(this.turn().then(tick));
    };
    return {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      every: (ms, tick) => clock.every(ms, later(tick)),
      after: (ms, then) => {
        let isOff = false;
        const timer = clock.after(
          ms,
          later(() => {
            if (!isOff) then();
          }),
        );
        return {
          [Symbol.dispose]: () => {
            isOff = true;
            timer[Symbol.dispose]();
          },
        };
      },
    };
  }

  /** Makes each call take a while before and after the store performs it. */
  #slow(store: StateStore): StateStore {
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'fenced')
          return (fence: Fence) => this.#slow(target.fenced(fence) as StateStore) as StateWrites;
        const method = (target as unknown as Record<string | symbol, unknown>)[name];
        if (typeof method !== 'function') return method;
        return async (...all: unknown[]): Promise<unknown> => {
          await this.turn();
          const answer: unknown = await (method.apply(target, all) as Promise<unknown>);
          await this.turn();
          return answer;
        };
      },
    });
  }
}
