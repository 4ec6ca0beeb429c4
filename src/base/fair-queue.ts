/**
 * A queue whose keys take turns: each key has its items taken in the order in which they came, and a key with
 * many items delays the others by one item each. The bound is the caller's.
 */
export class FairQueue<K, T> {
  /** By key, in the order of the turns. Invariant: no list is empty. */
  readonly #items = new Map<K, T[]>();

  push(key: K, item: T): void {
    const own = this.#items.get(key);
    if (own === undefined) this.#items.set(key, [item]);
    else own.push(item);
  }

  /** Takes the next item, and puts its key last. Undefined when the queue is empty. */
  take(): T | undefined {
    const [first] = this.#items;
    if (first === undefined) return undefined;
    const [key, own] = first;
    const item = own.shift();
    this.#items.delete(key);
    if (own.length > 0) this.#items.set(key, own);
    return item;
  }

  /** Removes an item out of turn; false when it is not there. */
  remove(key: K, item: T): boolean {
    const own = this.#items.get(key);
    const index = own?.indexOf(item) ?? -1;
    if (own === undefined || index < 0) return false;
    own.splice(index, 1);
    if (own.length === 0) this.#items.delete(key);
    return true;
  }
}
