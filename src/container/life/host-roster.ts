import type { HostPlace } from '../stream-manager/index.ts';
import { type PlannedHost, taskIdsOf } from '../task-hosts/planned-hosts.ts';
import type { HostKeeper } from './host-keeper.ts';

export interface HostRosterOptions {
  readonly makeKeeper: (host: PlannedHost) => HostKeeper;
  /** How long a host whose tasks leave may take to process what it has, and how long to end then. */
  readonly drainMs: number;
  readonly graceMs: number;
}

/** The place of a host in the routes. A host that must start again for a new plan gets a new place. */
export function placeOf(host: PlannedHost): HostPlace {
  return { name: host.name, tasks: taskIdsOf(host), key: host.key };
}

/**
 * The keepers of a container's hosts, through all its packing plans. A host and its process stay as long as
 * its key stays (see task-hosts/kinds.ts).
 */
export class HostRoster {
  readonly #options: HostRosterOptions;
  /** Invariant: one keeper for each host that runs or starts, by the name of the host. */
  readonly #keepers = new Map<string, { readonly keeper: HostKeeper; readonly key: string }>();
  /** Keepers of hosts that are ending. Invariant: none of them is in `#keepers`. */
  readonly #retiring = new Set<HostKeeper>();
  #isStopped = false;

  constructor(options: HostRosterOptions) {
    this.#options = options;
  }

  /** Resolves when the hosts that leave have ended and the new ones have been started. Never rejects. */
  async move(hosts: readonly PlannedHost[]): Promise<void> {
    const wanted = new Map(hosts.map((host) => [host.name, host.key]));
    const going = [...this.#keepers].filter(([name, { key }]) => wanted.get(name) !== key);
    const ended = new Map(going.map(([name, { keeper }]) => [name, this.#retire(name, keeper)]));
    // A new host of the same name waits for the old one: both use the same directory and socket.
    const starting = hosts
      .filter((host) => !this.#keepers.has(host.name))
      .map((host) => ended.get(host.name)?.then(() => this.#start(host)) ?? this.#start(host));
    await Promise.all([...ended.values(), ...starting]);
  }

  /** See HostKeeper. */
  heard(name: string): void {
    this.#keepers.get(name)?.keeper.heard();
  }

  check(): void {
    for (const { keeper } of this.#keepers.values()) keeper.check();
  }

  /** Stops all hosts in order; a later call with less shortens the wait. Never rejects. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    const all = [...[...this.#keepers.values()].map(({ keeper }) => keeper), ...this.#retiring];
    await Promise.all(all.map((keeper) => keeper.stop(graceMs)));
  }

  #start(host: PlannedHost): void {
    if (this.#isStopped) return;
    const keeper = this.#options.makeKeeper(host);
    this.#keepers.set(host.name, { keeper, key: host.key });
    keeper.start();
  }

  async #retire(name: string, keeper: HostKeeper): Promise<void> {
    const { drainMs, graceMs } = this.#options;
    this.#keepers.delete(name);
    this.#retiring.add(keeper);
    await keeper.retire(drainMs, graceMs);
    this.#retiring.delete(keeper);
  }
}
