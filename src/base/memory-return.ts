import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from './clock.ts';

/** What a check of the process's memory needs. */
export interface MemoryUse {
  readonly heapUsedBytes: number;
  /** Buffers, whose memory is outside of V8's heap. */
  readonly externalBytes: number;
}

const lookEveryMs = 5000;
/** Growth since the last collection that is worth a pause of some 30 ms. */
const growthBytesMin = 24 * 1024 * 1024;

/**
 * Whether memory is to be collected though V8 sees no need: released buffers count for nothing until its next
 * full collection, which a gateway that has become quiet may not have for a long time. True after two checks
 * in a row that are above the floor and do not grow: while it grows, V8 collects by itself.
 */
export function shouldCollect(before: MemoryUse, now: MemoryUse, floor: MemoryUse): boolean {
  const total = (use: MemoryUse): number => use.heapUsedBytes + use.externalBytes;
  return total(now) - total(floor) >= growthBytesMin && total(now) - total(before) < growthBytesMin / 4;
}

/** Gives memory back to the operating system after a flood. */
export class MemoryReturn implements Disposable {
  readonly #timer: Disposable;
  readonly #collect: () => void;
  readonly #use: () => MemoryUse;
  #before: MemoryUse;
  #floor: MemoryUse;

  constructor(deps: {
    readonly clock: Clock;
    readonly use?: () => MemoryUse;
    readonly collect?: () => void;
  }) {
    this.#use = deps.use ?? memoryUse;
    this.#collect = deps.collect ?? fullCollection();
    this.#before = this.#use();
    this.#floor = this.#before;
    this.#timer = deps.clock.every(lookEveryMs, () => this.#look());
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #look(): void {
    const now = this.#use();
    if (shouldCollect(this.#before, now, this.#floor)) {
      this.#collect();
      this.#floor = this.#use();
    }
    this.#before = now;
  }
}

function memoryUse(): MemoryUse {
  const { heapUsed, external } = process.memoryUsage();
  return { heapUsedBytes: heapUsed, externalBytes: external };
}

/**
 * V8's own function, which only a flag makes visible; the flag is not needed any more once there is a context
 * with it.
 */
function fullCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
