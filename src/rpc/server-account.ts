import type { ServerLoad } from './admission.ts';

/** What all connections of a server hold together. */
export class ServerAccount implements ServerLoad {
  callBytes = 0;
  expectedBytes = 0;
  #heldBytes = 0;
  readonly #onMore: () => void;

  /** `onMore`: called when more is held than before. */
  constructor(onMore: () => void) {
    this.#onMore = onMore;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (bytes > 0) this.#onMore();
  }
}
