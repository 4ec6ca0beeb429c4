import type { Codec } from './codec.ts';
import { type Field, type StructCodec, struct } from './struct-codec.ts';

/** What a generated service says about each of its methods, in types. */
export type MethodShapes<M> = {
  readonly [K in keyof M]: { readonly arguments: object; readonly result: unknown };
};

export interface DeclaredExceptionSpec {
  readonly id: number;
  readonly codec: StructCodec<{ readonly msg: string }>;
}

/** What a generated service says about a method, in values. */
export interface MethodSpec<A extends object = object, R = unknown> {
  readonly name: string;
  readonly arguments: StructCodec<A>;
  /** Undefined: void. */
  readonly result: Codec<R> | undefined;
  readonly exceptions: readonly DeclaredExceptionSpec[];
}

export interface ServiceSpec<M extends MethodShapes<M>> {
  readonly name: string;
  readonly methods: { readonly [K in keyof M]: MethodSpec<M[K]['arguments'], M[K]['result']> };
}

/** What a handler knows about the call besides its arguments. */
export interface Call {
  readonly method: string;
  /** The end of the connection that the client dialled. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /**
   * Aborted when the connection or the server closes before the answer. One object for all calls of a
   * connection.
   */
  readonly signal: AbortSignal;
}

/**
 * The methods that are there. What is missing is answered with an application error that names the method. A
 * handler throws GatewayErrors; exceptions.ts says which of Storm's exceptions the client gets for each code.
 */
export type Handler<M extends MethodShapes<M>> = {
  readonly [K in keyof M]?: (args: M[K]['arguments'], call: Call) => Promise<M[K]['result']> | M[K]['result'];
};

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type Caller<M extends MethodShapes<M>> = {
  readonly [K in keyof M]: (args: M[K]['arguments'], options?: CallOptions) => Promise<M[K]['result']>;
};

/** Used by generated code. */
export function method<A extends object, R>(
  name: string,
  fields: readonly Field<A>[],
  outcome: { readonly result?: Codec<R>; readonly exceptions?: readonly DeclaredExceptionSpec[] },
): MethodSpec<A, R> {
  return {
    name,
    arguments: struct<A>(`${name}_args`, fields),
    result: outcome.result,
    exceptions: outcome.exceptions ?? [],
  };
}
