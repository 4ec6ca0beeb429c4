import type { Socket } from 'node:net';
import { type Clock, GatewayError } from '../base/index.ts';
import { reading } from './codec.ts';
import { DeclaredException } from './exceptions.ts';
import { FrameReader } from './framing.ts';
import { ApplicationError, encodeMessage } from './message.ts';
import type { Caller, CallOptions, MethodShapes, MethodSpec, ServiceSpec } from './service.ts';
import { messageTypes, ThriftReader, wireTypes } from './wire.ts';

interface Deps {
  readonly clock: Clock;
  /** host:port, for messages. */
  readonly peer: string;
  readonly timeoutMs: number;
  readonly frameBytesMax: number;
}

interface Waiting {
  readonly sequenceId: number;
  readonly method: MethodSpec;
  settle(outcome: { readonly value: unknown } | { readonly error: GatewayError }): void;
}

/** A connection of a client: calls go out as they are made, answers come in the same order. */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #deps: Deps;
  readonly #frames: FrameReader;
  readonly #waiting: Waiting[] = [];
  #sequenceId = 0;
  #isCorked = false;
  #failure: GatewayError | undefined;

  constructor(socket: Socket, deps: Deps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#frames = new FrameReader(deps.frameBytesMax);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (cause) => this.fail(this.#closedError(cause)));
    socket.on('close', () => this.fail(this.#closedError()));
  }

  callerOf<M extends MethodShapes<M>>(service: ServiceSpec<M>): Caller<M> {
    const methods = Object.values<MethodSpec>(service.methods as Readonly<Record<string, MethodSpec>>);
    const entries = methods.map((method) => [
      method.name,
      (args: object, options?: CallOptions) => this.#call(method, args, options ?? {}),
    ]);
    return Object.fromEntries(entries) as Caller<M>;
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /**
   * Closes the connection: every in-flight call, and every later one, rejects with `error`. If it fails more
   * than once, the first failure counts.
   */
  fail(error: GatewayError): void {
    this.#failure ??= error;
    this.#socket.destroy();
    for (const waiting of this.#waiting.splice(0)) waiting.settle({ error: this.#failure });
  }

  #call(method: MethodSpec, args: object, options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      if (options.signal?.aborted === true) throw aborted(method, options.signal);
      this.#sequenceId = (this.#sequenceId + 1) & 0x7fffffff;
      const header = { name: method.name, type: messageTypes.call, sequenceId: this.#sequenceId };
      const frame = encodeMessage(header, (writer) => method.arguments.write(writer, args));
      const timeoutMs = options.timeoutMs ?? this.#deps.timeoutMs;
      const timer = this.#deps.clock.after(timeoutMs, () => this.fail(this.#timedOut(method, timeoutMs)));
      // What the server makes of an abandoned call is not known, and its answer would have to be
      // distinguished from the others: close the connection.
      const onAbort = (): void => this.fail(aborted(method, options.signal!));
      options.signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push({
        sequenceId: header.sequenceId,
        method,
        settle: (outcome) => {
          timer[Symbol.dispose]();
          options.signal?.removeEventListener('abort', onAbort);
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.value);
        },
      });
      this.#write(frame);
    });
  }

  /** What is called in one turn is one write. */
  #write(frame: Buffer): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(frame);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.feed(chunk)) this.#settleNext(frame);
    } catch (error) {
      this.fail(
        error instanceof GatewayError
          ? new GatewayError(error.code, `answer of ${this.#deps.peer}`, { cause: error })
          : new GatewayError('PROTOCOL_VIOLATION', `answer of ${this.#deps.peer} is garbled`, {
              cause: error,
            }),
      );
    }
  }

  #settleNext(frame: Buffer): void {
    const waiting = this.#waiting[0];
    const reader = new ThriftReader(frame);
    const header = reading(() => reader.messageBegin());
    if (waiting?.sequenceId !== header.sequenceId || waiting.method.name !== header.name) {
      const expected = waiting === undefined ? 'nothing' : `${waiting.method.name} ${waiting.sequenceId}`;
      throw new GatewayError(
        'PROTOCOL_VIOLATION',
        `expected the answer to ${expected}, found ${header.name} ${header.sequenceId}`,
      );
    }
    const outcome = reading(() => outcomeOf(waiting.method, header.type, reader));
    this.#waiting.shift();
    waiting.settle(outcome);
  }

  #closedError(cause?: Error): GatewayError {
    const what = this.#waiting[0] === undefined ? '' : ` before it answered ${this.#waiting[0].method.name}`;
    return new GatewayError('CONNECTION_CLOSED', `${this.#deps.peer} closed the connection${what}`, {
      cause,
      retryable: true,
    });
  }

  #timedOut(method: MethodSpec, timeoutMs: number): GatewayError {
    return new GatewayError(
      'TIMED_OUT',
      `${this.#deps.peer} did not answer ${method.name} within ${timeoutMs} ms`,
      { retryable: true },
    );
  }
}

function outcomeOf(
  method: MethodSpec,
  messageType: number,
  reader: ThriftReader,
): { readonly value: unknown } | { readonly error: GatewayError } {
  if (messageType === messageTypes.exception) {
    const { message, type } = ApplicationError.read(reader);
    const text = `${method.name}: ${message ?? 'the server gives no reason'}`;
    return { error: new GatewayError('REMOTE_FAILURE', text, { facts: { applicationErrorType: type } }) };
  }
  let value: unknown;
  for (;;) {
    const { ftype, fid } = reader.fieldBegin();
    if (ftype === wireTypes.stop) break;
    const exception = method.exceptions.find((each) => each.id === fid);
    if (fid === 0 && method.result?.wireType === ftype) value = method.result.read(reader);
    else if (exception !== undefined && ftype === wireTypes.struct) {
      return { error: new DeclaredException(exception.codec.name, exception.codec.read(reader).msg) };
    } else reader.skip(ftype);
  }
  if (method.result !== undefined && value === undefined) {
    return { error: new GatewayError('REMOTE_FAILURE', `${method.name} failed: unknown result`) };
  }
  return { value };
}

function aborted(method: MethodSpec, signal: AbortSignal): GatewayError {
  const reason: unknown = signal.reason;
  return reason instanceof GatewayError
    ? reason
    : new GatewayError('ABORTED', `${method.name} was aborted`, { cause: reason });
}
