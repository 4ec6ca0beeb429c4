import { type Clock, GatewayError, isJsonObject, type JsonValue } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { compareDlsn, type Dlsn } from '../format/dlsn.ts';
import { noteFileName } from '../storage/notes.ts';
import type { LogStorage } from '../storage/storage.ts';
import { stateKey } from './ownership.ts';

/** How far a subscriber has read, and which member may advance it. */
export interface SubscriberPosition {
  readonly generation: number;
  readonly member: string;
  /** The first record that is not yet processed, or undefined for the beginning of the stream. */
  readonly next: Dlsn | undefined;
}

export type AdvanceResult =
  | { readonly kind: 'advanced'; readonly next: Dlsn }
  /** Another member has taken over since: records that this one has processed may be processed again. */
  | { readonly kind: 'stale'; readonly generation: number };

/** The most subscribers that one stream may have. */
export const subscribersMax = 1000;

/**
 * Positions of subscribers. A take-over of a subscriber starts a new generation. Only the newest generation
 * may advance the position, and only forwards. Each change is made in the state store and then noted in the
 * storage. A state store that lost everything restarts from those notes, which never lie ahead of what was
 * processed. Generations then continue above the time in seconds, so a member from before the loss cannot be
 * mistaken for a later one.
 *
 * Calls reject with `STREAM_INVALID` for a name that is too long for a note, and for a new subscriber of a
 * stream that has {@link subscribersMax}.
 */
export class SubscriberPositions {
  readonly #store: StateStore;
  readonly #storage: LogStorage;
  readonly #clock: Clock;
  /**
   * Pending additions by stream: new subscribers are added one after the other, so that the count is right.
   */
  readonly #coming = new Map<string, Promise<unknown>>();

  constructor(deps: {
    readonly store: StateStore;
    readonly storage: LogStorage;
    readonly clock: Clock;
  }) {
    this.#store = deps.store;
    this.#storage = deps.storage;
    this.#clock = deps.clock;
  }

  /** Makes `member` the reader of the subscriber, from the last stored position. */
  takeOver(stream: string, subscriber: string, member: string): Promise<SubscriberPosition> {
    return this.#begin(stream, subscriber, (found) => ({ member, next: found?.next }));
  }

  /** Records that everything before `next` is processed. */
  async advance(
    of: { readonly stream: string; readonly subscriber: string; readonly generation: number },
    next: Dlsn,
  ): Promise<AdvanceResult> {
    const { stream, subscriber, generation } = of;
    for (;;) {
      const { version, position } = await this.#read(stream, subscriber);
      if (position?.generation !== generation)
        return { kind: 'stale', generation: position?.generation ?? 0 };
      if (position.next !== undefined && compareDlsn(position.next, next) >= 0)
        return { kind: 'advanced', next: position.next };
      if (await this.#write({ stream, subscriber, version, position: { ...position, next } }))
        return { kind: 'advanced', next };
    }
  }

  /**
   * Sets where the subscriber continues; backwards is allowed. Starts a new generation without a member (an
   * empty string), so that the current reader becomes stale, sees why, and takes over from there.
   */
  moveTo(
    of: { readonly stream: string; readonly subscriber: string },
    next: Dlsn,
  ): Promise<SubscriberPosition> {
    return this.#begin(of.stream, of.subscriber, () => ({ member: '', next }));
  }

  async position(stream: string, subscriber: string): Promise<SubscriberPosition | undefined> {
    return (await this.#read(stream, subscriber)).position;
  }

  /** Starts a new generation, possibly of a new subscriber. */
  async #begin(
    stream: string,
    subscriber: string,
    change: (found: SubscriberPosition | undefined) => Pick<SubscriberPosition, 'member' | 'next'>,
  ): Promise<SubscriberPosition> {
    noteFileName(noteOf(subscriber), `a subscriber of ${stream}`);
    const attempt = async (): Promise<SubscriberPosition | undefined> => {
      const { version, position: found } = await this.#read(stream, subscriber);
      if (found === undefined) await this.#checkCount(stream);
      const generation = Math.max((found?.generation ?? 0) + 1, Math.floor(this.#clock.nowMs() / 1000));
      const position = { generation, ...change(found) };
      const isWritten = await this.#write({ stream, subscriber, version, position });
      return isWritten ? position : undefined;
    };
    for (;;) {
      const isKnown = (await this.#store.read(keyOf(stream, subscriber))) !== undefined;
      const position = await (isKnown ? attempt() : this.#afterOthers(stream, attempt));
      if (position !== undefined) return position;
    }
  }

  async #afterOthers<T>(stream: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#coming.get(stream) ?? Promise.resolve()).then(work, work);
    this.#coming.set(stream, mine);
    try {
      return await mine;
    } finally {
      if (this.#coming.get(stream) === mine) this.#coming.delete(stream);
    }
  }

  async #checkCount(stream: string): Promise<void> {
    if ((await this.#storage.noteNames(stream)).length < subscribersMax) return;
    throw new GatewayError(
      'STREAM_INVALID',
      `${stream} has ${subscribersMax} subscribers already, which is the limit: use the name of one of them`,
      { facts: { stream, subscribersMax } },
    );
  }

  async #read(
    stream: string,
    subscriber: string,
  ): Promise<{ readonly version: number | undefined; readonly position: SubscriberPosition | undefined }> {
    const found = await this.#store.read(keyOf(stream, subscriber));
    if (found !== undefined) return { version: found.version, position: parsed(found.value) };
    const isNoted = (await this.#storage.noteNames(stream)).includes(noteOf(subscriber));
    const note = isNoted ? (await this.#storage.notes(stream)).get(noteOf(subscriber)) : undefined;
    return { version: undefined, position: note === undefined ? undefined : parsed(note) };
  }

  /** Returns false if another client has written since the record was read. */
  async #write(change: {
    readonly stream: string;
    readonly subscriber: string;
    readonly version: number | undefined;
    readonly position: SubscriberPosition;
  }): Promise<boolean> {
    const { stream, subscriber, version, position } = change;
    const key = keyOf(stream, subscriber);
    const value = jsonOf(position);
    const result =
      version === undefined
        ? await this.#store.create(key, value)
        : await this.#store.replace(key, version, value);
    if (result.kind === 'conflict') return false;
    await this.#storage.putNote(stream, noteOf(subscriber), value);
    return true;
  }
}

function keyOf(stream: string, subscriber: string): string {
  return stateKey(stream, `subscribers/${subscriber}`);
}

function noteOf(subscriber: string): string {
  return `subscriber ${subscriber}`;
}

function jsonOf({ generation, member, next }: SubscriberPosition): JsonValue {
  return { generation, member, next: next === undefined ? null : [next.lssn, next.entry, next.slot] };
}

function parsed(value: JsonValue): SubscriberPosition | undefined {
  if (!isJsonObject(value)) return undefined;
  const next = value['next'] as readonly [number, number, number] | null;
  return {
    generation: Number(value['generation']),
    member: value['member'] as string,
    next: next === null ? undefined : { lssn: next[0], entry: next[1], slot: next[2] },
  };
}
