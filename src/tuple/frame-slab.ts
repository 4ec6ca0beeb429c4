import { strict as assert } from 'node:assert';
import { GatewayError } from '../base/index.ts';

/** From here on a copy into a shared chunk costs more than a buffer of its own. */
const loneFrameBytesMin = 100 << 10;

export interface FrameSlabOptions {
  /** `put` answers `full` rather than hold more than this, taken and untaken bytes together. */
  readonly queueBytesMax: number;
  /** Size of the chunks that small frames are gathered in. */
  readonly chunkBytes?: number;
}

/**
 * The bounded output of one destination: frames are copied in as they come, and taken out as few large
 * buffers, so that a flush is one write however many frames there were.
 *
 *   put ... put  ->  take() -> socket.write(each)  ->  written(bytes) from the write's callback
 *
 * A socket may hold a buffer until its callback runs. So bytes that were taken are never overwritten before
 * `written` has counted them: a chunk is only appended to, and begun again when nothing of it is on the way.
 */
export class FrameSlab {
  readonly #queueBytesMax: number;
  readonly #chunkBytes: number;
  #chunk: Buffer | undefined;
  /** [taken, filled) of the current chunk waits for `take`. */
  #taken = 0;
  #filled = 0;
  /** Buffers complete before the current chunk, oldest first. */
  #ready: Buffer[] = [];
  #readyBytes = 0;
  #inFlightBytes = 0;
  /** Bytes ever put and ever written, to know when a chunk that was left behind is free again. */
  #putTotal = 0;
  #writtenTotal = 0;
  readonly #retired: { readonly chunk: Buffer; readonly freeAtTotal: number }[] = [];
  #spare: Buffer | undefined;

  constructor(options: FrameSlabOptions) {
    this.#queueBytesMax = options.queueBytesMax;
    this.#chunkBytes = options.chunkBytes ?? 256 << 10;
  }

  /** Bytes put and not yet taken. */
  get pendingBytes(): number {
    return this.#readyBytes + this.#filled - this.#taken;
  }

  /** Bytes taken whose write has not been reported by `written`. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** All bytes held for this destination. */
  get queuedBytes(): number {
    return this.pendingBytes + this.#inFlightBytes;
  }

  /**
   * Copies `buffer[start, end)`. `full`: nothing was copied, and the caller decides between waiting and
   * giving up.
   */
  put(buffer: Buffer, start: number, end: number): 'accepted' | 'full' {
    const bytes = end - start;
    if (this.queuedBytes + bytes > this.#queueBytesMax) return 'full';
    this.#putTotal += bytes;
    if (bytes >= loneFrameBytesMin || bytes > this.#chunkBytes) {
      this.#closeOff();
      const lone = Buffer.allocUnsafeSlow(bytes);
      buffer.copy(lone, 0, start, end);
      this.#pushReady(lone);
      return 'accepted';
    }
    const chunk = this.#chunkWithRoom(bytes);
    const at = this.#filled;
    if (bytes <= 64) {
      for (let i = 0; i < bytes; i++) chunk[at + i] = buffer[start + i]!;
    } else {
      buffer.copy(chunk, at, start, end);
    }
    this.#filled = at + bytes;
    return 'accepted';
  }

  /**
   * What has been put since the last `take`, in order; empty when there is nothing. Each buffer is written
   * once, as it is.
   */
  take(): Buffer[] {
    this.#closeOff();
    const buffers = this.#ready;
    if (buffers.length === 0) return buffers;
    this.#inFlightBytes += this.#readyBytes;
    this.#ready = [];
    this.#readyBytes = 0;
    return buffers;
  }

  /** The destination has taken over (or lost) `bytes` of what was taken. */
  written(bytes: number): void {
    this.#inFlightBytes -= bytes;
    this.#writtenTotal += bytes;
    assert(this.#inFlightBytes >= 0, 'more bytes reported as written than were taken');
    if (this.#inFlightBytes === 0 && this.#ready.length === 0 && this.#taken === this.#filled) {
      this.#taken = 0;
      this.#filled = 0;
    }
    while (this.#retired.length > 0 && this.#retired[0]!.freeAtTotal <= this.#writtenTotal) {
      this.#spare = this.#retired.shift()!.chunk;
    }
  }

  /** Throws `QUEUE_FULL` naming `destination`: for callers that cannot wait. */
  putOrThrow(destination: string, frame: Buffer): void {
    if (this.put(frame, 0, frame.length) === 'accepted') return;
    throw new GatewayError(
      'QUEUE_FULL',
      `${destination} has ${this.queuedBytes} bytes waiting, at most ${this.#queueBytesMax} are held`,
      { facts: { destination, queuedBytes: this.queuedBytes, queueBytesMax: this.#queueBytesMax } },
    );
  }

  #chunkWithRoom(bytes: number): Buffer {
    if (this.#chunk !== undefined && this.#chunk.length - this.#filled >= bytes) return this.#chunk;
    this.#closeOff();
    if (this.#chunk !== undefined) {
      this.#retired.push({ chunk: this.#chunk, freeAtTotal: this.#putTotal - bytes });
    }
    this.#chunk = this.#spare ?? Buffer.allocUnsafeSlow(this.#chunkBytes);
    this.#spare = undefined;
    this.#taken = 0;
    this.#filled = 0;
    return this.#chunk;
  }

  /** Makes the untaken part of the current chunk a ready buffer; later frames go behind it. */
  #closeOff(): void {
    if (this.#chunk === undefined || this.#taken === this.#filled) return;
    this.#pushReady(this.#chunk.subarray(this.#taken, this.#filled));
    this.#taken = this.#filled;
  }

  #pushReady(buffer: Buffer): void {
    this.#ready.push(buffer);
    this.#readyBytes += buffer.length;
  }
}
