import type { Logger } from '../../../base/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import type { FrameConsumer } from '../../../tuple/index.ts';
import type { StreamManagerToHost, TaskHost } from '../../links/index.ts';
import type { StreamManagerLimits } from '../limits.ts';
import { type HostPlace, HostSlot } from './host-slot.ts';

export interface HostSlotsOptions {
  readonly limits: StreamManagerLimits;
  readonly log: Logger;
  /** Receives each frame that a slot drops. */
  readonly onDrop: FrameConsumer;
}

/**
 * The slots of this container's task hosts, one for each host of the packing plan, whether it runs or not.
 */
export class HostSlots {
  readonly #options: HostSlotsOptions;
  /** Invariant: the key is the name of the slot, and no task is in two slots. */
  readonly #slots = new Map<string, HostSlot>();
  #onMark: (slot: HostSlot) => void = () => undefined;

  constructor(options: HostSlotsOptions) {
    this.#options = options;
  }

  /** Sets who is called when a slot has passed a mark. Called before the first `repack`. */
  watchMarks(onMark: (slot: HostSlot) => void): void {
    this.#onMark = onMark;
  }

  /** All tasks of this container. */
  get tasks(): readonly TaskId[] {
    return [...this.#slots.values()].flatMap((slot) => slot.tasks);
  }

  get droppedTuples(): number {
    return [...this.#slots.values()].reduce((sum, slot) => sum + slot.droppedTuples, 0);
  }

  get(name: string): HostSlot | undefined {
    return this.#slots.get(name);
  }

  values(): Iterable<HostSlot> {
    return this.#slots.values();
  }

  /** False for a host that has ended or been replaced. */
  isFilledBy(host: TaskHost): boolean {
    return this.#slots.get(host.name)?.host === host;
  }

  /** Calls `act` for each host that runs. */
  forEachHost(act: (host: TaskHost) => void): void {
    for (const { host } of this.#slots.values()) if (host !== undefined) act(host);
  }

  /** Sends a control message to each host that runs, except to the one it came from. */
  control(message: StreamManagerToHost, from?: TaskHost): void {
    this.forEachHost((host) => {
      if (host !== from) host.control(message);
    });
  }

  /**
   * Replaces the slots: one that has the same name, tasks and key as before stays, with its host. Returns the
   * frames that waited in the slots that are gone.
   */
  repack(places: readonly HostPlace[]): readonly Buffer[] {
    const wanted = new Map(places.map((place) => [place.name, place]));
    const gone = [...this.#slots.values()].filter(({ name, place }) => !isSamePlace(wanted.get(name), place));
    for (const { name } of gone) this.#slots.delete(name);
    for (const place of places)
      if (!this.#slots.has(place.name)) this.#slots.set(place.name, this.#makeSlot(place));
    return gone.flatMap((slot) => slot.retire());
  }

  #makeSlot(place: HostPlace): HostSlot {
    const slot: HostSlot = new HostSlot({ place, ...this.#options, onMark: () => this.#onMark(slot) });
    return slot;
  }
}

function isSamePlace(one: HostPlace | undefined, other: HostPlace): boolean {
  return one !== undefined && one.key === other.key && one.tasks.join() === other.tasks.join();
}
