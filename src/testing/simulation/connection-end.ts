import type { Connection, ConnectionHandlers } from '../../container/links/index.ts';
import type { Links } from './links.ts';
import type { SimulatedProcess } from './process.ts';

interface Write {
  readonly bytes: Uint8Array;
  /** Bytes of it that the system has taken over. */
  taken: number;
  readonly done: ((error?: Error | null) => void) | undefined;
}

/**
 * How long the system asks an end that says nothing whether it lives: keep-alive after 10 s, then 10 times
 * each second.
 */
const keepAliveMs = [10_000, 20_000] as const;

/**
 * One end of a simulated connection, with the contract of a socket and its liberties: bytes written are only
 * copied when the system takes them over, reads are cut anywhere, and the buffer of a read is overwritten
 * after it.
 */
export class End implements Connection {
  readonly process: SimulatedProcess;
  connecting = true;
  destroyed = false;
  /** Bytes that the system has taken over and the other end has not read. */
  inSystemBytes = 0;
  readonly #sinceMs: number;
  #other: End | undefined;
  #handlers: ConnectionHandlers | undefined;
  readonly #links: Links;
  readonly #readBytes: number;
  #isEnding = false;
  readonly #isDialled: boolean;
  #isCorked = false;
  #isPumping = false;
  #writes: Write[] = [];
  #lastArrivalMs = 0;
  /** Set when the bytes in transit to the other end are lost. */
  #isCutOff = false;
  /** The other end is gone without a word. */
  #isHalfOpen = false;

  constructor(
    links: Links,
    process: SimulatedProcess,
    options: { readonly handlers: ConnectionHandlers | undefined; readonly readBytes: number },
  ) {
    this.#links = links;
    this.process = process;
    this.#handlers = options.handlers;
    this.#readBytes = options.readBytes;
    this.#sinceMs = links.world.nowMs;
    this.#isDialled = options.handlers !== undefined;
    links.opened(this);
  }

  /** Only once connected. */
  get other(): End {
    return this.#other ?? this;
  }

  /** For how long it has carried what this process, which dialled it, has to say; 0 when it does not. */
  get dialledForMs(): number {
    const isOpen = this.#isDialled && !this.destroyed && !this.connecting && !this.#isHalfOpen;
    return isOpen && !this.other.destroyed ? this.#links.world.nowMs - this.#sinceMs : 0;
  }

  get writable(): boolean {
    return !this.destroyed && !this.#isEnding;
  }

  get writableLength(): number {
    return this.#writes.reduce((sum, write) => sum + write.bytes.length - write.taken, 0);
  }

  /** Dialled, and the other end's system has answered. */
  connect(other: End): void {
    this.#other = other;
    other.#other = this;
    other.connecting = false;
    const { world } = this.#links;
    this.process.after(this.#links.between(this.process, other.process).delayMs * world.random.next(), () => {
      if (this.destroyed) return;
      this.connecting = false;
      this.#handlers?.opened?.();
      this.#pump();
    });
  }

  accept(handlers: ConnectionHandlers): Connection {
    this.#handlers = handlers;
    return this;
  }

  refused(): void {
    this.process.after(0, () => this.#close('connect ECONNREFUSED'));
  }

  write(bytes: Uint8Array, taken?: (error?: Error | null) => void): boolean {
    if (!this.writable) {
      this.process.after(0, () => taken?.(new Error('write after end')));
      return false;
    }
    this.#writes.push({ bytes, taken: 0, done: taken });
    if (!this.#isCorked) this.#pumpSoon();
    return true;
  }

  cork(): void {
    this.#isCorked = true;
  }

  uncork(): void {
    this.#isCorked = false;
    this.#pumpSoon();
  }

  destroy(): void {
    if (this.destroyed) return;
    const { world } = this.#links;
    if (world.chance(0.5)) this.#isCutOff = true;
    this.#sayGoodbye(this.#isCutOff ? 'read ECONNRESET' : undefined);
    this.destroyed = true;
    this.#links.closed(this);
    this.process.after(0, () => this.#afterClose(undefined));
  }

  destroySoon(): void {
    if (!this.writable) return;
    this.#isEnding = true;
    this.#pumpSoon();
  }

  /** Closed from outside. What it had written and the other end has not read is lost. */
  reset(fault: string): void {
    this.#isCutOff = true;
    this.process.after(this.#links.world.between(0, 1), () => this.#close(fault));
  }

  /** Gone with its machine. */
  vanish(): void {
    this.#isCutOff = true;
    this.destroyed = true;
    this.#links.closed(this);
  }

  /** The other end is gone and has not said so: found out by writing, or by the system's keep-alive. */
  becomeHalfOpen(): void {
    if (this.destroyed) return;
    this.#isHalfOpen = true;
    const waitMs = this.#links.world.between(...keepAliveMs);
    this.process.after(waitMs, () => this.#close('read ETIMEDOUT'));
  }

  #pumpSoon(): void {
    if (this.#isPumping || this.destroyed || this.connecting) return;
    this.#isPumping = true;
    this.process.after(0, () => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  /** The system takes over what it has room for. */
  #pump(): void {
    if (this.destroyed || this.connecting || this.#isCorked) return;
    for (let write = this.#writes[0]; write !== undefined; write = this.#writes[0]) {
      const room = this.#links.windowBytes - this.inSystemBytes;
      if (room <= 0) return;
      const end = Math.min(write.bytes.length, write.taken + room);
      this.#transmit(Uint8Array.prototype.slice.call(write.bytes, write.taken, end));
      write.taken = end;
      if (end < write.bytes.length) return;
      this.#writes.shift();
      write.done?.(null);
      if (this.#hasClosed()) return;
    }
    if (this.#isEnding) this.destroy();
  }

  #transmit(bytes: Uint8Array): void {
    this.inSystemBytes += bytes.length;
    this.#pass(bytes.length, () => this.#other!.#receive(bytes));
  }

  /** Lets something arrive at the other end, behind everything sent before. */
  #pass(bytes: number, arrive: () => void): void {
    const { world } = this.#links;
    const other = this.#other!;
    const link = this.#links.between(this.process, other.process);
    const tripMs = link.delayMs + link.jitterMs * world.random.next() + bytes / link.bytesPerMs;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, world.nowMs + tripMs);
    const reach = (): void => {
      if (link.isCut) link.stalled.push(reach);
      else if (!this.#isCutOff || bytes === 0) other.process.after(0, arrive);
    };
    world.after(this.#lastArrivalMs - world.nowMs, reach);
  }

  /** Tells the other end that this one is closed. */
  #sayGoodbye(fault: string | undefined): void {
    const other = this.#other;
    if (other !== undefined) this.#pass(0, () => other.#close(fault));
  }

  #receive(bytes: Uint8Array): void {
    const sender = this.#other!;
    if (this.destroyed) {
      // This end is closed. A sender that is half open finds out with this write.
      if (sender.#isHalfOpen) sender.process.after(1, () => sender.#close('write EPIPE'));
      return;
    }
    const { world } = this.#links;
    const scratch = Buffer.allocUnsafe(Math.min(bytes.length, this.#readBytes));
    for (let at = 0; at < bytes.length && !this.#hasClosed(); ) {
      const most = Math.min(scratch.length, bytes.length - at);
      const length = world.chance(0.9) ? most : world.integer(1, most);
      scratch.set(bytes.subarray(at, at + length));
      at += length;
      sender.inSystemBytes -= length;
      this.#handlers?.read(scratch.subarray(0, length));
      scratch.fill(0xdb);
    }
    if (sender.#writes.length > 0 || sender.#isEnding) sender.#pumpSoon();
  }

  #close(fault: string | undefined): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#isCutOff = true;
    this.#links.closed(this);
    this.#afterClose(fault);
  }

  #afterClose(fault: string | undefined): void {
    for (const write of this.#writes.splice(0)) write.done?.(new Error('the socket was closed'));
    this.#handlers?.closed(fault);
  }

  #hasClosed(): boolean {
    return this.destroyed;
  }
}
