/** The multiplier 0x5DEECE66D and the increment 0xB of java.util.Random, in 24-bit halves. */
const multiplierHi = 0x5de;
const multiplierLo = 0xece66d;
const increment = 0xb;
const mask24 = 0xff_ffff;

/**
 * java.util.Random, bit for bit: the 48-bit linear congruential generator that the JDK documents.
 * The seed is a long; a number is taken as an int, sign-extended.
 */
export class JavaRandom {
  #hi = 0;
  #lo = 0;

  constructor(seed: number | bigint) {
    this.setSeed(seed);
  }

  setSeed(seed: number | bigint): void {
    if (typeof seed === 'number') {
      this.#lo = (seed & mask24) ^ multiplierLo;
      this.#hi = ((seed >> 24) & mask24) ^ multiplierHi;
    } else {
      this.#lo = Number(BigInt.asUintN(24, seed)) ^ multiplierLo;
      this.#hi = Number(BigInt.asUintN(24, seed >> 24n)) ^ multiplierHi;
    }
  }

  /** An int in [0, bound). */
  nextInt(bound: number): number {
    let bits = this.#next31();
    if ((bound & (bound - 1)) === 0) return Math.floor((bound * bits) / 0x8000_0000);
    let value = bits % bound;
    while (bits - value + (bound - 1) > 0x7fff_ffff) {
      bits = this.#next31();
      value = bits % bound;
    }
    return value;
  }

  /** Any int. */
  nextInt32(): number {
    this.#step();
    return (this.#hi << 8) | (this.#lo >>> 16);
  }

  nextLong(): bigint {
    const hi = BigInt(this.nextInt32());
    return BigInt.asIntN(64, (hi << 32n) + BigInt(this.nextInt32()));
  }

  #next31(): number {
    this.#step();
    return (this.#hi << 7) | (this.#lo >>> 17);
  }

  #step(): void {
    const lo = this.#lo * multiplierLo + increment;
    const carry = Math.floor(lo / 0x100_0000);
    this.#hi = (this.#hi * multiplierLo + this.#lo * multiplierHi + carry) % 0x100_0000;
    this.#lo = lo % 0x100_0000;
  }
}
