import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from './clock.ts';
import { errorCode } from './errors.ts';

const checkEveryMs = 5000;
const mebibyte = 1024 * 1024;
/**
 * Growth of the resident memory that is worth a pause of some 30 ms, and for how many checks it must have
 * stopped: soon after a flood, and later for the little that stays.
 */
const worthwhile = [
  { growthBytes: 24 * mebibyte, quietChecks: 1 },
  { growthBytes: 12 * mebibyte, quietChecks: 3 },
] as const;
/** Up to this growth from one check to the next counts as none. */
const quietBytes = 6 * mebibyte;

/**
 * Whether to give memory back although V8 sees no need to collect: released buffers keep their memory until
 * its next full collection, which a gateway that has become quiet may not have for a long time. True when the
 * resident memory is well above the floor and has stopped growing; while it grows, V8 collects by itself.
 */
function shouldReturn(growthBytes: number, quietChecks: number): boolean {
  return worthwhile.some((least) => growthBytes >= least.growthBytes && quietChecks >= least.quietChecks);
}

/** Gives memory back to the operating system after a flood. */
export class MemoryReturn implements Disposable {
  readonly #timer: Disposable;
  readonly #giveBack: () => void;
  readonly #residentBytes: () => number;
  #beforeBytes: number;
  /** Checks in a row that found no growth. */
  #quietChecks = 0;
  /** The least since memory was given back last: what the process needs, as far as is known. */
  #floorBytes: number;

  /** `giveBack`: collects garbage and returns free memory to the operating system. */
  constructor(deps: {
    readonly clock: Clock;
    readonly giveBack: () => void;
    readonly residentBytes?: () => number;
  }) {
    this.#residentBytes = deps.residentBytes ?? (() => process.memoryUsage.rss());
    this.#giveBack = deps.giveBack;
    this.#beforeBytes = this.#residentBytes();
    this.#floorBytes = this.#beforeBytes;
    this.#timer = deps.clock.every(checkEveryMs, () => this.#check());
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #check(): void {
    const nowBytes = this.#residentBytes();
    this.#floorBytes = Math.min(this.#floorBytes, nowBytes);
    this.#quietChecks = nowBytes - this.#beforeBytes < quietBytes ? this.#quietChecks + 1 : 0;
    this.#beforeBytes = nowBytes;
    if (!shouldReturn(nowBytes - this.#floorBytes, this.#quietChecks)) return;
    this.#giveBack();
    this.#floorBytes = this.#residentBytes();
    this.#quietChecks = 0;
  }
}

/**
 * Collects all garbage, then has the C library return its free pages, where the addon at `addonPath` was
 * built; without it up to some 40 MiB stay after a flood.
 */
export function memoryGiveBack(addonPath: string): () => void {
  const collect = fullCollection();
  const trim = trimOf(addonPath);
  return () => {
    collect();
    trim();
  };
}

/**
 * V8's own function, which only a flag makes visible. A context that has it keeps it when the flag is reset.
 */
function fullCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return collect;
}

function trimOf(addonPath: string): () => void {
  try {
    return (createRequire(import.meta.url)(addonPath) as { readonly trim: () => void }).trim;
  } catch (error) {
    if (errorCode(error) === 'MODULE_NOT_FOUND' || errorCode(error) === 'ERR_DLOPEN_FAILED')
      return () => undefined;
    throw error;
  }
}
