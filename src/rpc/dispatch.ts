import assert from 'node:assert/strict';
import {
  type CallMarks,
  describeError,
  GatewayError,
  type Logger,
  shortened,
  withoutPasswords,
} from '../base/index.ts';
import { reading } from './codec.ts';
import { declaredExceptionFor } from './exceptions.ts';
import { encodeApplicationError, encodeMessage } from './message.ts';
import type { Call, Handler, MethodShapes, MethodSpec, ServiceSpec } from './service.ts';
import type { SingleLane } from './single-lane.ts';
import { type MessageHeader, messageTypes, ThriftReader, wireTypes } from './wire.ts';

/**
 * Answers one message: a frame's bytes in, a frame with its length out, or undefined for a oneway message.
 */
export type Dispatcher = (message: Buffer, call: Omit<Call, 'method'>) => Promise<Buffer | undefined>;

/** Limit for the text of an exception: clients choose the names in it. */
const refusalCharactersMax = 4000;
const unknownNameCharactersMax = 100;

/**
 * A handler's methods with their types taken off: the dispatcher pairs each with the codecs of its own
 * method.
 */
type AnyHandler = Readonly<Record<string, ((args: object, call: Call) => unknown) | undefined>>;

export interface DispatcherDeps {
  readonly log: Logger;
  readonly calls: CallMarks;
  /** Methods of which one call runs at a time. */
  readonly singles: { readonly methods: ReadonlySet<string>; readonly lane: SingleLane };
}

/**
 * Answers every message that has a readable header: with the result, with an exception that the method
 * declares, or with an application error. Throws `PROTOCOL_VIOLATION` when the header itself cannot be read.
 */
export function dispatcherOf<M extends MethodShapes<M>>(
  service: ServiceSpec<M>,
  handler: Handler<M>,
  { log, calls, singles }: DispatcherDeps,
): Dispatcher {
  const specs = Object.entries(service.methods as Readonly<Record<string, MethodSpec>>);
  const methods = new Map(
    specs.map(([name, spec]) => [name, { ...spec, mark: calls.markOf(`${service.name}.${name}`) }]),
  );
  const handlers = handler as AnyHandler;
  return async (message, caller) => {
    const reader = new ThriftReader(message);
    const header = reading(() => reader.messageBegin());
    const method = methods.get(header.name);
    const refuse = (type: Parameters<typeof encodeApplicationError>[1], text: string): Buffer => {
      const name = method === undefined ? header.name.slice(0, unknownNameCharactersMax) : header.name;
      return encodeApplicationError({ ...header, name }, type, shortened(text, refusalCharactersMax));
    };
    if (header.type !== messageTypes.call && header.type !== messageTypes.oneway) {
      return refuse('invalidMessageType', `message type ${header.type} is not a call`);
    }
    if (method === undefined)
      return refuse(
        'unknownMethod',
        `Invalid method name: '${header.name.slice(0, unknownNameCharactersMax)}'`,
      );
    // Called through the handler itself: it may be an instance whose methods need `this`.
    if (handlers[method.name] === undefined) {
      log.warn({ event: 'rpc.method.unavailable', method: method.name, remoteAddress: caller.remoteAddress });
      return refuse('internalError', `method ${method.name} is not available yet in this gateway`);
    }
    const answer = (): Promise<Buffer | undefined> =>
      answerOf(method, header, {
        reader,
        refuse,
        log,
        caller,
        handle: (args) => handlers[method.name]!(args, { ...caller, method: method.name }),
      });
    if (!singles.methods.has(method.name)) return answer();
    const { remoteAddress, signal } = caller;
    try {
      return await singles.lane.run({ address: remoteAddress, frameBytes: message.length, signal }, answer);
    } catch (error) {
      // the lane's own refusal: `answer` itself does not throw
      return refuse('internalError', `method ${method.name}: ${describeError(error)}`);
    }
  };
}

/** Decodes the arguments, runs the handler and encodes what it answers; undefined for a oneway message. */
async function answerOf(
  method: MethodSpec & { readonly mark: ReturnType<CallMarks['markOf']> },
  header: MessageHeader,
  deps: {
    readonly reader: ThriftReader;
    readonly refuse: (type: Parameters<typeof encodeApplicationError>[1], text: string) => Buffer;
    readonly log: Logger;
    readonly caller: Omit<Call, 'method'>;
    readonly handle: (args: object) => unknown;
  },
): Promise<Buffer | undefined> {
  const { reader, refuse, log, handle } = deps;
  const { remoteAddress } = deps.caller;
  method.mark.entered();
  try {
    let args: object;
    try {
      args = reading(() => method.arguments.read(reader));
    } catch (error) {
      const reason = describeError(error);
      log.warn({ event: 'rpc.arguments.refused', method: method.name, remoteAddress, reason });
      return refuse('protocolError', `method ${method.name}: ${reason}`);
    }
    const bytes = await outcomeOf(method, header, { run: () => handle(args), log, remoteAddress });
    return header.type === messageTypes.oneway ? undefined : bytes;
  } finally {
    method.mark.left();
  }
}

interface Report {
  readonly log: Logger;
  readonly remoteAddress: string;
}

function refusalOf(error: unknown): string {
  return shortened(withoutPasswords(describeError(error)), refusalCharactersMax);
}

async function outcomeOf(
  method: MethodSpec,
  header: MessageHeader,
  { run, ...report }: Report & { readonly run: () => unknown },
): Promise<Buffer> {
  let value: unknown;
  try {
    value = await run();
  } catch (error) {
    return encodeFailure(method, header, { error, ...report });
  }
  try {
    return encodeResult(method, header, value);
  } catch (error) {
    const { log, remoteAddress } = report;
    log.error({ event: 'rpc.answer.unwritable', method: method.name, remoteAddress, error });
    return encodeApplicationError(header, 'internalError', refusalOf(error));
  }
}

function encodeFailure(
  method: MethodSpec,
  header: MessageHeader,
  { error, log, remoteAddress }: Report & { readonly error: unknown },
): Buffer {
  const text = refusalOf(error);
  const declared = error instanceof GatewayError ? declaredExceptionFor(error, method.exceptions) : undefined;
  if (declared === undefined) {
    const level = error instanceof GatewayError ? 'warn' : 'error';
    log[level]({ event: 'rpc.call.failed', method: method.name, remoteAddress, error });
    return encodeApplicationError(header, 'internalError', text);
  }
  const exception = declared.codec.name;
  log.info({ event: 'rpc.call.refused', method: method.name, remoteAddress, exception, reason: text });
  return encodeMessage({ ...header, type: messageTypes.reply }, (writer) => {
    writer.fieldBegin(wireTypes.struct, declared.id);
    declared.codec.write(writer, { msg: text });
    writer.fieldStop();
  });
}

function encodeResult(method: MethodSpec, header: MessageHeader, value: unknown): Buffer {
  return encodeMessage({ ...header, type: messageTypes.reply }, (writer) => {
    if (method.result !== undefined) {
      assert(value !== undefined && value !== null, `the handler of ${method.name} returned no result`);
      writer.fieldBegin(method.result.wireType, 0);
      method.result.write(writer, value);
    }
    writer.fieldStop();
  });
}
