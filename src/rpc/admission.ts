/** What one connection costs the server. */
export interface ConnectionLoad {
  /** Calls that are not answered, or whose answers the operating system has not taken. */
  readonly calls: number;
  readonly callBytes: number;
  /** Bytes of answers that the operating system has not taken. */
  readonly answerBytes: number;
  /** Expected bytes of the answers of running calls. */
  readonly expectedBytes: number;
}

/** What all connections of a server cost together. */
export interface ServerLoad {
  readonly callBytes: number;
  /** Bytes of answers and of unfinished frames. */
  readonly heldBytes: number;
  /** The same, for calls that began within the last second: a long poll may never have a large answer. */
  readonly expectedBytes: number;
}

export interface AdmissionLimits {
  readonly callsMax: number;
  readonly callBytesMax: number;
  readonly answerBytesMax: number;
  readonly heldBytesMax: number;
}

/**
 * Whether another call of a connection may begin. A connection without a running call always may begin one: a
 * client that waits for each answer is never delayed by what other clients cost.
 */
export function mayBegin(own: ConnectionLoad, all: ServerLoad, limits: AdmissionLimits): boolean {
  if (own.calls === 0) return true;
  return (
    own.calls < limits.callsMax &&
    own.callBytes < limits.callBytesMax &&
    own.answerBytes + own.expectedBytes < limits.answerBytesMax &&
    all.heldBytes + all.expectedBytes < limits.heldBytesMax &&
    all.callBytes < callsOverHeld * limits.heldBytesMax
  );
}

/** Limit for the bytes of all running calls, in multiples of `heldBytesMax`. */
const callsOverHeld = 2;

/** The smallest expectation for an answer. */
const answerBytesMin = 4096;

/** Expects of each method the largest answer that it has given so far. */
export class AnswerSizes {
  readonly #bytes: Map<string, number>;

  /** `known`: initial expectations, by method. */
  constructor(methods: readonly string[], known: Readonly<Record<string, number>>) {
    this.#bytes = new Map(methods.map((name) => [name, known[name] ?? 0]));
  }

  expected(method: string): number {
    return Math.max(answerBytesMin, this.#bytes.get(method) ?? 0);
  }

  /** Ignores methods that do not exist: clients choose those names. */
  seen(method: string, bytes: number): void {
    const largest = this.#bytes.get(method);
    if (largest !== undefined && bytes > largest) this.#bytes.set(method, bytes);
  }
}
