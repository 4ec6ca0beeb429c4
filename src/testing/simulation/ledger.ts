import { strict as assert } from 'node:assert';

/** A tree: one attempt to get one message through. Its serial number is the low half of its root id. */
interface Tree {
  readonly message: Message;
  readonly mustPass: number;
  passed: number;
  /**
   * Tuples of it that were emitted and neither acked nor failed. Lost tuples stay in this count permanently.
   */
  outstanding: number;
  acks: number;
}

/** A message of a spout task's source, which outlives the task. */
export interface Message {
  readonly spoutTask: number;
  readonly number: number;
  isDone: boolean;
}

/**
 * What really happened, which no part of the system can see: which tuples of which tree were emitted, passed
 * on and acked. Every method throws when the event that it records must not happen.
 */
export class Ledger {
  /** By spout task. */
  readonly sources = new Map<number, readonly Message[]>();
  readonly #trees: Tree[] = [];
  /** `receiver life > source life > target > stream` -> last sequence number. */
  readonly #sequences = new Map<string, number>();
  /** A connection has broken: an acker's reply that was in transit may have been sent again. */
  mayRepeat = false;
  /** Tasks that have been moved to another container: what comes to them on the old way may come late. */
  readonly moved = new Set<number>();
  acked = 0;
  replayed = 0;
  #messages = 0;

  get isComplete(): boolean {
    return this.acked === this.#messages;
  }

  get missing(): number {
    return this.#messages - this.acked;
  }

  /** The messages that a spout task has to get through. */
  addSource(spoutTask: number, ids: number): void {
    const messages = Array.from({ length: ids }, (_, number) => ({
      ...{ spoutTask, number },
      isDone: false,
    }));
    this.sources.set(spoutTask, messages);
    this.#messages += ids;
  }

  /** A spout begins a tree. Returns its serial number. */
  begin(message: Message, mustPass: number): number {
    return this.#trees.push({ message, mustPass, passed: 0, outstanding: 0, acks: 0 }) - 1;
  }

  emitted(serial: number): void {
    this.#tree(serial).outstanding++;
  }

  passed(serial: number, edge: number): void {
    this.#tree(serial).passed |= 1 << edge;
  }

  boltAcked(serial: number): void {
    const tree = this.#tree(serial);
    tree.outstanding--;
    assert(tree.outstanding >= 0, `tree ${serial}: more tuples acked than emitted`);
  }

  /** The spout task has received the acker's message that a tree is complete. */
  ackReceived(serial: number, spoutTask: number): void {
    const tree = this.#tree(serial);
    assert.equal(spoutTask, tree.message.spoutTask, `tree ${serial} is acked to another spout`);
    tree.acks++;
    assert(tree.acks === 1 || this.mayRepeat, `tree ${serial} is acked again`);
    assert.equal(tree.outstanding, 0, `tree ${serial} is acked with tuples outstanding`);
    assert.equal(tree.passed, tree.mustPass, `tree ${serial} is acked and has not been everywhere`);
  }

  /** A spout takes the message for done. Two lives of one may, when the first was only thought to be dead. */
  done(message: Message): void {
    if (message.isDone) return;
    message.isDone = true;
    this.acked++;
  }

  /** A tree has failed or timed out: the spout will emit its message again. */
  lost(): void {
    this.replayed++;
  }

  /** A tuple has come to the task: later than every one that came before it on the same way. */
  inOrder(task: number, way: string, sequence: number): void {
    if (this.moved.has(task)) return;
    const last = this.#sequences.get(way) ?? -1;
    assert(sequence > last, `${way}: tuple ${sequence} came after tuple ${last}`);
    this.#sequences.set(way, sequence);
  }

  #tree(serial: number): Tree {
    const tree = this.#trees[serial];
    assert(tree !== undefined, `there is no tree ${serial}`);
    return tree;
  }
}
