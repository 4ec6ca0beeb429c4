import { GatewayError } from '../../../base/index.ts';
import { type Anchors, addEdge, failTrees, noAnchors } from './anchors.ts';
import type { FlowWindow } from './flow-window.ts';
import type { EmitMessage } from './messages.ts';
import type { ProtocolParts } from './protocol-parts.ts';

/** A tuple that the child has and has neither acked nor failed. */
interface InputTuple {
  readonly anchors: Anchors;
  /** XOR of the edges of what was anchored on it. */
  ackHi: number;
  ackLo: number;
  /** Place among the inputs of the metrics. */
  readonly input: number;
  readonly writtenAtMs: number;
}

export interface BoltCollectorOptions {
  readonly parts: ProtocolParts;
  readonly window: FlowWindow;
  /** The child has finished a tuple of this input; returns the time. */
  readonly worked: (input: number) => number;
}

/**
 * The tuples that a bolt's child holds, and what the child does with them: emits anchored on them, acks and
 * fails (storm-client 2.8: BoltOutputCollectorImpl). Throws `CHILD_SPOKE_NONSENSE` for a tuple that the child
 * does not hold.
 */
export class BoltCollector {
  readonly #parts: ProtocolParts;
  readonly #window: FlowWindow;
  readonly #worked: (input: number) => number;
  /** By id. Invariant: at most `heldTuplesMax`, in the order in which they were written. */
  readonly #held = new Map<string, InputTuple>();
  /** Invariant: tuples up to this number that are not held were acked, failed or given up. */
  #givenUpTo = 0;
  /** The tracked tuples that the current emit is anchored on. */
  readonly #tracked: InputTuple[] = [];

  constructor({ parts, window, worked }: BoltCollectorOptions) {
    this.#parts = parts;
    this.#window = window;
    this.#worked = worked;
  }

  get holdsNone(): boolean {
    return this.#held.size === 0;
  }

  /** The child is about to receive this tuple. */
  hold(id: string, anchors: Anchors, input: number, nowMs: number): void {
    this.#held.set(id, { anchors, ackHi: 0, ackLo: 0, input, writtenAtMs: nowMs });
    if (this.#held.size > this.#parts.settings.heldTuplesMax) this.#giveUpOldest();
  }

  /** Returns the reply for the child; empty when it expects none. */
  emit(message: EmitMessage): string {
    const { emitter, ackers, random } = this.#parts;
    const tracked = this.#tracked;
    tracked.length = 0;
    for (const id of message.anchors) {
      const tuple = this.#find(id, 'anchored an emit on');
      if (tuple !== undefined && ackers.hasAckers && tuple.anchors.length > 0) tracked.push(tuple);
    }
    const chosen = emitter.choose(message);
    if (emitter.refused !== undefined) {
      this.#parts.reportError(emitter.refused.message);
      for (const tuple of tracked) failTrees(ackers, tuple.anchors);
    }
    for (const target of chosen) {
      const anchors: Anchors = tracked.length === 0 ? noAnchors : [];
      for (const tuple of tracked) {
        const edgeHi = random.nextInt32();
        const edgeLo = random.nextInt32();
        tuple.ackHi ^= edgeHi;
        tuple.ackLo ^= edgeLo;
        addEdge(anchors, tuple.anchors, edgeHi, edgeLo);
      }
      emitter.send(target, anchors);
    }
    return emitter.reply;
  }

  ack(id: string): void {
    const tuple = this.#find(id, 'acked');
    if (tuple === undefined) return;
    this.#held.delete(id);
    const nowMs = this.#worked(tuple.input);
    const { anchors } = tuple;
    // Without ackers Storm counts no acks either (BoltOutputCollectorImpl 2.8).
    if (!this.#parts.ackers.hasAckers) return;
    this.#parts.metrics.acked(tuple.input, 1, nowMs - tuple.writtenAtMs);
    for (let at = 0; at < anchors.length; at += 4) {
      const valueHi = anchors[at + 2]! ^ tuple.ackHi;
      const valueLo = anchors[at + 3]! ^ tuple.ackLo;
      this.#parts.ackers.ack(anchors[at]!, anchors[at + 1]!, valueHi, valueLo);
    }
  }

  fail(id: string): void {
    const tuple = this.#find(id, 'failed');
    if (tuple === undefined) return;
    this.#held.delete(id);
    this.#worked(tuple.input);
    if (!this.#parts.ackers.hasAckers) return;
    this.#parts.metrics.failed(tuple.input, 1);
    failTrees(this.#parts.ackers, tuple.anchors);
  }

  /** The child is gone: the trees of all that it held fail. */
  failAll(): void {
    for (const tuple of this.#held.values()) failTrees(this.#parts.ackers, tuple.anchors);
    this.#held.clear();
  }

  /** A child that never acks must not fill the memory: the trees of its oldest tuples are failed. */
  #giveUpOldest(): void {
    const { settings, ackers, reportError } = this.#parts;
    if (this.#givenUpTo === 0) {
      reportError(
        `holds more than ${settings.heldTuplesMax} tuples that it has neither acked nor failed ` +
          '(egret.shell.pending.max.tuples): the oldest are failed. Does it ack what it is done with?',
      );
    }
    const [id, tuple] = this.#held.entries().next().value!;
    this.#held.delete(id);
    this.#givenUpTo = Number(id);
    failTrees(ackers, tuple.anchors);
  }

  /** Undefined for a tuple that was given up. */
  #find(id: string, what: string): InputTuple | undefined {
    this.#window.reached(Number(id));
    const tuple = this.#held.get(id);
    if (tuple !== undefined || Number(id) <= this.#givenUpTo) return tuple;
    throw new GatewayError(
      'CHILD_SPOKE_NONSENSE',
      `${what} the tuple ${JSON.stringify(id)}, which it does not have: it was acked or failed before, or never sent`,
      { facts: { tupleId: id } },
    );
  }
}
