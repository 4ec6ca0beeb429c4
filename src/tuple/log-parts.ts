import { GatewayError } from '../base/index.ts';
import { putInt32, readInt32, readUint32 } from './bytes.ts';
import { frameBodyBytesMax, frameHeaderBytes } from './frames.ts';

/**
 * A record that is longer than the log takes is a run of parts there, a record each. Little-endian:
 *
 *     0 form (2)   1 zero (3 bytes)   4 bytes of the whole   8 where in the whole this part begins
 *     12 salt of the writer   16 number of the whole among the writer's   20 bytes of the part
 *
 * A writer puts nothing between the parts of a run. It may die within one: what follows then is another's.
 */
const headerBytes = 20;
const form = 2;
/** A record is never longer than the frame that it was made of. */
const wholeBytesMax = frameHeaderBytes + frameBodyBytesMax;

/** Cuts records into parts. */
export class RecordSplitter {
  readonly #partBytesMax: number;
  readonly #salt: number;
  #wholes = 0;

  /** `partBytesMax`: of a part with its header. `salt`: 32 random bits, so that no two writers have one. */
  constructor({ partBytesMax, salt }: { readonly partBytesMax: number; readonly salt: number }) {
    this.#partBytesMax = partBytesMax;
    this.#salt = salt;
  }

  /** `append` gets the parts in their order; their bytes are valid only during the call. */
  split(record: Uint8Array, append: (part: Uint8Array) => void): void {
    const number = this.#wholes++;
    const part = Buffer.allocUnsafe(Math.min(this.#partBytesMax, headerBytes + record.length));
    part.fill(0, 0, headerBytes);
    part[0] = form;
    putInt32(part, 4, record.length);
    putInt32(part, 12, this.#salt);
    putInt32(part, 16, number);
    for (let at = 0; at < record.length; at += part.length - headerBytes) {
      const piece = record.subarray(at, at + part.length - headerBytes);
      putInt32(part, 8, at);
      part.set(piece, headerBytes);
      append(part.subarray(0, headerBytes + piece.length));
    }
  }
}

/** Whether it is a part before which others must have come. */
export function isContinuation(payload: Uint8Array): boolean {
  return payload[0] === form && payload.length > headerBytes && readUint32(payload, 8) > 0;
}

/**
 * Joins parts. A run that is incomplete when another record comes is dropped: its writer died before it
 * acknowledged the run. So is a part whose run was not read from its first on.
 */
export class RecordJoiner {
  #whole: Buffer | undefined;
  #bytes = 0;
  #salt = 0;
  #number = 0;
  /** Runs that were dropped. */
  brokenRuns = 0;

  /** Reading continues somewhere else. */
  reset(): void {
    this.#whole = undefined;
  }

  /**
   * The next record of the log: that record itself, the whole that it is the last part of, or undefined while
   * there is none. Throws `WIRE_CORRUPT` for a part that no writer wrote; its run is then dropped.
   */
  take(payload: Buffer): Buffer | undefined {
    if (payload[0] !== form) {
      this.#letGo();
      return payload;
    }
    const wholeBytes = payload.length > headerBytes ? readUint32(payload, 4) : 0;
    const at = payload.length > headerBytes ? readUint32(payload, 8) : 0;
    const end = at + payload.length - headerBytes;
    if (wholeBytes === 0 || wholeBytes > wholeBytesMax || end > wholeBytes) {
      this.#letGo();
      throw corrupt(payload.length, { at, wholeBytes });
    }
    if (at === 0) this.#begin(payload, wholeBytes);
    else if (!this.#continues(payload, wholeBytes, at)) {
      this.#letGo();
      return undefined;
    }
    const whole = this.#whole!;
    whole.set(payload.subarray(headerBytes), at);
    this.#bytes = end;
    if (end < wholeBytes) return undefined;
    this.#whole = undefined;
    return whole;
  }

  #begin(payload: Uint8Array, wholeBytes: number): void {
    this.#letGo();
    this.#whole = Buffer.allocUnsafeSlow(wholeBytes);
    this.#salt = readInt32(payload, 12);
    this.#number = readInt32(payload, 16);
  }

  #continues(payload: Uint8Array, wholeBytes: number, at: number): boolean {
    return (
      this.#whole?.length === wholeBytes &&
      this.#bytes === at &&
      this.#salt === readInt32(payload, 12) &&
      this.#number === readInt32(payload, 16)
    );
  }

  #letGo(): void {
    if (this.#whole !== undefined) this.brokenRuns++;
    this.#whole = undefined;
  }
}

function corrupt(bytes: number, facts: { readonly at: number; readonly wholeBytes: number }): GatewayError {
  return new GatewayError(
    'WIRE_CORRUPT',
    `a record of ${bytes} bytes is no part at ${facts.at} of a record of ${facts.wholeBytes} bytes (at most ${wholeBytesMax})`,
    { facts: { bytes, ...facts } },
  );
}
