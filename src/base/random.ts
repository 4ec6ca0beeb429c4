import { randomBytes, randomUUID } from 'node:crypto';

/** Chance, passed in, so that a test can print a seed and repeat a run. */
export interface RandomSource {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [-2^31, 2^31). */
  nextInt32(): number;
  uuid(): string;
}

/** Chance from the machine. 64-bit ids are made of two {@link RandomSource.nextInt32} halves. */
export const systemRandom: RandomSource = (() => {
  const pool = new Int32Array(1024);
  let index = pool.length;
  return {
    next: () => Math.random(),
    nextInt32() {
      if (index === pool.length) {
        const bytes = randomBytes(pool.byteLength);
        for (let i = 0; i < pool.length; i++) pool[i] = bytes.readInt32LE(i * 4);
        index = 0;
      }
      return pool[index++]!;
    },
    uuid: () => randomUUID(),
  };
})();

/** A repeatable source (mulberry32). For tests and simulation. */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  const nextUint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    next: () => nextUint32() / 0x1_0000_0000,
    nextInt32: () => nextUint32() | 0,
    uuid: () => {
      const hex = Array.from({ length: 4 }, () => nextUint32().toString(16).padStart(8, '0')).join('');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
  };
}
