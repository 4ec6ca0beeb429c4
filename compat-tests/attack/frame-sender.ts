import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AttackFrames, type ServiceName } from '../../src/testing/attack/index.ts';

export interface FrameJob {
  readonly service: ServiceName;
  readonly port: number;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
}

const connectionsMax = 8;
const batch = 24;
/**
 * A connection on which nothing comes for so long waits for the rest of a frame, or for records: it is given
 * up.
 */
const quietMs = 150;

/**
 * Sends frames over a few connections, each replaced when the server closes it. Answers are read and thrown
 * away.
 */
export class FrameSender {
  readonly #job: FrameJob;
  readonly #frames: AttackFrames;
  #next: number;
  connections = 0;
  #isOver = false;

  constructor(job: FrameJob) {
    this.#job = job;
    this.#frames = new AttackFrames(job.service, job.seed);
    this.#next = job.from;
  }

  /** How many frames have been sent. */
  get sent(): number {
    return this.#next - this.#job.from;
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener(
      'abort',
      () => {
        this.#isOver = true;
      },
      { once: true },
    );
    await Promise.all(Array.from({ length: connectionsMax }, () => this.#sendAll()));
  }

  async #sendAll(): Promise<void> {
    while (this.#left > 0) {
      const socket = await open(this.#job.port);
      if (socket === undefined) continue;
      this.connections += 1;
      await this.#sendOver(socket);
      socket.destroy();
    }
  }

  async #sendOver(socket: Socket): Promise<void> {
    const answers = new Answers(socket);
    while (this.#left > 0) {
      const count = Math.min(batch, this.#left);
      const frames = Array.from({ length: count }, (_, index) => this.#frames.at(this.#next + index).bytes);
      this.#next += count;
      socket.write(Buffer.concat(frames));
      if (!(await answers.await(count))) return;
    }
  }

  get #left(): number {
    return this.#isOver ? 0 : this.#job.from + this.#job.count - this.#next;
  }
}

/** The answers on one connection. */
class Answers {
  readonly #socket: Socket;
  #owed = 0;
  #moved: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    countAnswers(socket, () => {
      this.#owed -= 1;
      this.#moved();
    });
    socket.once('close', () => this.#moved());
  }

  /** Waits for `count` more answers; false when the connection was closed or nothing came for a while. */
  async await(count: number): Promise<boolean> {
    this.#owed += count;
    while (this.#owed > 0) {
      const before = this.#owed;
      const quiet = new AbortController();
      const moved = new Promise<void>((resolve) => {
        this.#moved = resolve;
      });
      await Promise.race([moved, sleep(quietMs, undefined, { signal: quiet.signal }).catch(() => undefined)]);
      quiet.abort();
      if (this.#owed === before) return false;
    }
    return !this.#socket.destroyed;
  }
}

/** Calls back for each answer. Only the lengths of answers are looked at. */
export function countAnswers(socket: Socket, answered: () => void): void {
  let lengthBytes = Buffer.alloc(0);
  let bodyBytesLeft = 0;
  socket.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      if (bodyBytesLeft === 0) {
        const more = Math.min(4 - lengthBytes.length, chunk.length - at);
        lengthBytes = Buffer.concat([lengthBytes, chunk.subarray(at, at + more)]);
        at += more;
        if (lengthBytes.length < 4) return;
        bodyBytesLeft = lengthBytes.readInt32BE(0);
        lengthBytes = Buffer.alloc(0);
      }
      const taken = Math.min(bodyBytesLeft, chunk.length - at);
      at += taken;
      bodyBytesLeft -= taken;
      if (bodyBytesLeft === 0) answered();
    }
  });
}

/** Undefined when the server does not take it now. */
export function open(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => undefined);
    socket.once('connect', () => resolve(socket));
    socket.once('close', () => resolve(undefined));
  });
}
