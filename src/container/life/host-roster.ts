import type { HostPlace } from '../stream-manager/index.ts';
import { type PlannedHost, taskIdsOf } from './container-hosts.ts';
import type { HostKeeper } from './host-keeper.ts';

export interface HostRosterOptions {
  readonly makeKeeper: (host: PlannedHost) => HostKeeper;
  /** What a host whose tasks leave may take to work off what it has, and then to end. */
  readonly drainMs: number;
  readonly graceMs: number;
}

/** The place of a host in the routes. A host that must start again for a new plan gets a new place. */
export function placeOf(host: PlannedHost): HostPlace {
  return { name: host.name, tasks: taskIdsOf(host), key: keyOf(host) };
}

/**
 * The keepers of a container's hosts, through all its packing plans. A host stays, with its process, as long as its
 * tasks stay: a JVM as long as its executors are the same (Storm's own Worker ends when they change), any other as long
 * as its task is there.
 */
export class HostRoster {
  readonly #options: HostRosterOptions;
  readonly #keepers = new Map<string, { readonly keeper: HostKeeper; readonly key: string }>();
  /** Those that end, until they have. */
  readonly #retiring = new Set<HostKeeper>();
  #isStopped = false;

  constructor(options: HostRosterOptions) {
    this.#options = options;
  }

  /** Resolves when the hosts that leave have ended; those that come have been started by then. Never rejects. */
  async move(hosts: readonly PlannedHost[]): Promise<void> {
    const wanted = new Map(hosts.map((host) => [host.name, keyOf(host)]));
    const going = [...this.#keepers].filter(([name, { key }]) => wanted.get(name) !== key);
    const ended = new Map(going.map(([name, { keeper }]) => [name, this.#retire(name, keeper)]));
    // A new host of the same name takes over directory and socket of the old one.
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

  /** Orderly end of all hosts; a later call with less hurries it. Never rejects. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    const all = [...[...this.#keepers.values()].map(({ keeper }) => keeper), ...this.#retiring];
    await Promise.all(all.map((keeper) => keeper.stop(graceMs)));
  }

  #start(host: PlannedHost): void {
    if (this.#isStopped) return;
    const keeper = this.#options.makeKeeper(host);
    this.#keepers.set(host.name, { keeper, key: keyOf(host) });
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

/** Two hosts of one key are the same host. */
function keyOf({ name, tasks }: PlannedHost): string {
  const parts = tasks.map(({ taskId, executor }) =>
    name === 'jvm' ? `${taskId}/${executor.join('-')}` : taskId,
  );
  return parts.join();
}
