/** Any value that travels as JSON; whole numbers beyond 2^53 are BigInt. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Called when a step is done; with an error when it failed. */
export type Done = (error?: unknown) => void;

/** One input of a bolt. */
export declare class Tuple {
  constructor(id: string, component: string | null, stream: string, task: number, values: Value[]);
  /** Names this delivery; anchors, acks and fails repeat it. */
  readonly id: string;
  /** The component that emitted it; `__system` for ticks. */
  readonly component: string | null;
  readonly stream: string;
  /** The task that emitted it; -1 for ticks. */
  readonly task: number;
  // biome-ignore lint/suspicious/noExplicitAny: what the values are is between the components
  readonly values: any[];
  /** Whether it was acked or failed. */
  readonly isSettled: boolean;
  /**
   * Whether this is the clock tick that `topology.tick.tuple.freq.secs` asks for; its value is the seconds.
   */
  isTickTuple(): boolean;
  isHeartbeatTuple(): boolean;
}

/** Where a task stands in its topology. */
export interface Context {
  readonly taskid: number;
  readonly componentid: string;
  /** Component of every task; the keys are task ids. */
  readonly 'task->component': Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** Carries whole messages in both directions. */
export interface Transport {
  start(handlers: { onMessage(message: unknown): void; onEnd(): void; onFault(error: unknown): void }): void;
  send(message: unknown): void;
  flush(): void;
}

/** Storm's stock framing over stdin and stdout, which it takes for itself. */
export declare class PipeTransport implements Transport {
  constructor(input?: NodeJS.ReadableStream, output?: NodeJS.WritableStream);
  start(handlers: { onMessage(message: unknown): void; onEnd(): void; onFault(error: unknown): void }): void;
  send(message: unknown): void;
  flush(): void;
}

/** The parent sent something that is not a message of the multilang protocol. */
export declare class ProtocolError extends Error {}

/**
 * What spouts and bolts share. Each method that a user writes may end in one of three ways: it returns, the
 * promise it returns settles, or, when it declares the parameter `done`, it calls that.
 */
export declare abstract class Component {
  /** Called once, before any tuple. */
  initialize(conf: Readonly<Record<string, unknown>>, context: Context, done: Done): void | Promise<void>;
  /** Serves until the parent closes the pipe; the last line of a component's script. */
  run(transport?: Transport): void;
  /** Writes to the worker's log; the parts are joined by blanks, those that are no strings as JSON. */
  log(...parts: unknown[]): void;
  logTrace(...parts: unknown[]): void;
  logDebug(...parts: unknown[]): void;
  logInfo(...parts: unknown[]): void;
  logWarn(...parts: unknown[]): void;
  logError(...parts: unknown[]): void;
  /** Shows an error of this component in the topology's state. The component keeps running. */
  reportError(message: string): void;
  /** Updates the metric that the parent registered under this name. */
  rpcMetrics(name: string, params: Value): void;
  /** Gives a sign of life in the middle of a bolt's long work. */
  sync(): void;
  /** Writes any message. */
  sendMsgToParent(message: unknown): void;
}

export interface SpoutEmit {
  readonly tuple: readonly Value[];
  /** `default` unless named. */
  readonly stream?: string;
  /** Makes the tuple tracked: `ack` or `fail` gets this id later. */
  readonly id?: Value;
}

/** A source of tuples. The parent asks for one thing at a time and waits until it is done. */
export declare class Spout extends Component {
  nextTuple(done: Done): void | Promise<void>;
  /** The tree of the tuple emitted with this id was processed in full. */
  // biome-ignore lint/suspicious/noExplicitAny: ids come back as the spout gave them
  ack(id: any, done: Done): void | Promise<void>;
  /** The tree of the tuple emitted with this id failed or timed out. */
  // biome-ignore lint/suspicious/noExplicitAny: ids come back as the spout gave them
  fail(id: any, done: Done): void | Promise<void>;
  activate(done: Done): void | Promise<void>;
  deactivate(done: Done): void | Promise<void>;
  /** Emits a tuple; `onTaskIds` gets the tasks that it goes to, without it nothing is asked. */
  emit(details: SpoutEmit | readonly Value[], onTaskIds?: (ids: number[]) => void): void;
  /** Emits to one task of a component that subscribed with direct grouping. */
  emitDirect(details: SpoutEmit & { readonly task: number }): void;
}

export interface BoltEmit {
  readonly tuple: readonly Value[];
  /** `default` unless named. */
  readonly stream?: string;
  /** The input tuples that this one was made of. */
  readonly anchors?: readonly (Tuple | string)[];
  /** The same, as in Storm's storm.js. */
  readonly anchorTupleId?: string | readonly string[];
}

/** A bolt that acks, fails and anchors by hand. */
export declare class Bolt extends Component {
  /** Handles one tuple; ticks too. */
  process(tuple: Tuple, done: Done): void | Promise<void>;
  /** Emits a tuple; `onTaskIds` gets the tasks that it goes to, without it nothing is asked. */
  emit(details: BoltEmit | readonly Value[], onTaskIds?: (ids: number[]) => void): void;
  /** Emits to one task of a component that subscribed with direct grouping. */
  emitDirect(details: BoltEmit & { readonly task: number }): void;
  /** This bolt is done with the tuple. */
  ack(tuple: Tuple): void;
  /** The tuple is to be emitted again by its spout. */
  fail(tuple: Tuple): void;
}

/**
 * A bolt whose emits are anchored to the tuple in hand, and which acks it when `process` is done or fails it
 * otherwise.
 */
export declare class BasicBolt extends Bolt {}
