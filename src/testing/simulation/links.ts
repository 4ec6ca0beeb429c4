import type {
  Connection,
  ConnectionHandlers,
  DialAddress,
  Incoming,
  Listener,
  Network,
} from '../../container/links/index.ts';
import { End } from './connection-end.ts';
import type { SimulatedProcess } from './process.ts';
import type { World } from './world.ts';

/** How the link between two processes is. */
export interface Link {
  readonly delayMs: number;
  /** Above `delayMs`, by chance, for each piece: connections overtake each other, bytes of one never do. */
  readonly jitterMs: number;
  readonly bytesPerMsWhole: number;
  bytesPerMs: number;
  isCut: boolean;
  /** What waits for the link to heal. */
  readonly stalled: (() => void)[];
}

interface Place {
  readonly process: SimulatedProcess;
  readonly incoming: (incoming: Incoming) => void;
}

const portMin = 10_000;

/** All simulated links: who listens where, who is connected to whom, and what is wrong with it. */
export class Links {
  readonly world: World;
  /** What the system holds of one connection between writer and reader. */
  readonly windowBytes: number;
  readonly #places = new Map<number, Place>();
  readonly #links = new Map<SimulatedProcess, Map<SimulatedProcess, Link>>();
  readonly #ends = new Map<SimulatedProcess, Set<End>>();
  readonly #freePorts: number[] = [];
  #ports = 0;

  constructor(world: World, options: { readonly windowBytes: number }) {
    this.world = world;
    this.windowBytes = options.windowBytes;
  }

  /** The network as a process sees it. */
  of(process: SimulatedProcess): Network {
    return {
      dial: (address, handlers) => this.#dial(process, address, handlers),
      listen: (_host, incoming) => this.#listen(process, incoming),
    };
  }

  between(one: SimulatedProcess, other: SimulatedProcess): Link {
    const known = this.#links.get(one)?.get(other);
    if (known !== undefined) return known;
    const { world } = this;
    const delayMs = world.between(0.05, 2);
    const bytesPerMs = world.pick([1000, 10_000, 100_000]);
    const link: Link = {
      delayMs,
      jitterMs: world.chance(0.3) ? delayMs * 10 : delayMs,
      ...{ bytesPerMs, bytesPerMsWhole: bytesPerMs },
      isCut: false,
      stalled: [],
    };
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const links = this.#links.get(from) ?? new Map<SimulatedProcess, Link>();
      links.set(to, link);
      this.#links.set(from, links);
    }
    return link;
  }

  /** Nothing passes until `heal`; nothing is lost for it. */
  cut(one: SimulatedProcess, other: SimulatedProcess): void {
    this.between(one, other).isCut = true;
  }

  heal(one: SimulatedProcess, other: SimulatedProcess): void {
    const link = this.between(one, other);
    link.isCut = false;
    for (const pass of link.stalled.splice(0)) pass();
  }

  /**
   * Resets every connection between the two. half: only one end of each is notified; the other finds out when
   * it writes.
   */
  reset(one: SimulatedProcess, other: SimulatedProcess, how: 'both' | 'half'): void {
    for (const end of [...this.endsOf(one)]) {
      if (end.other.process !== other) continue;
      const told = this.world.chance(0.5) ? end : end.other;
      told.reset('read ECONNRESET');
      if (how === 'both') told.other.reset('read ECONNRESET');
      else told.other.becomeHalfOpen();
    }
  }

  /**
   * The process has died: its system closes what it had open. silent: the whole machine is gone and says
   * nothing.
   */
  dropAllOf(process: SimulatedProcess, how: 'closed' | 'silent'): void {
    for (const end of [...this.endsOf(process)]) {
      if (how === 'closed') end.destroy();
      else {
        end.vanish();
        end.other.becomeHalfOpen();
      }
    }
    for (const [port, place] of this.#places) if (place.process === process) this.#release(port);
  }

  endsOf(process: SimulatedProcess): ReadonlySet<End> {
    return this.#ends.get(process) ?? new Set();
  }

  opened(end: End): void {
    const ends = this.#ends.get(end.process) ?? new Set();
    this.#ends.set(end.process, ends.add(end));
  }

  closed(end: End): void {
    this.#ends.get(end.process)?.delete(end);
  }

  #listen(process: SimulatedProcess, incoming: Place['incoming']): Promise<Listener> {
    // A port may get a new owner: the port of a dead process is sometimes given to the next one.
    const port =
      this.#freePorts.length > 0 && this.world.chance(0.5) ? this.#freePorts.pop()! : portMin + this.#ports++;
    this.#places.set(port, { process, incoming });
    const close = (): void => {
      if (this.#places.get(port)?.process === process) this.#release(port);
    };
    return new Promise((resolve) => {
      process.after(0.1, () => resolve({ port, close }), { isPromised: true });
    });
  }

  #release(port: number): void {
    this.#places.delete(port);
    this.#freePorts.push(port);
  }

  #dial(process: SimulatedProcess, address: DialAddress, handlers: ConnectionHandlers): Connection {
    const end = new End(this, process, { handlers, readBytes: address.readBytes });
    const place = this.#places.get(address.port);
    const { world } = this;
    if (place === undefined) {
      world.after(world.between(0.05, 1), () => end.refused());
      return end;
    }
    const link = this.between(process, place.process);
    const arrive = (): void => {
      if (link.isCut) link.stalled.push(() => world.after(world.between(0, 300), arrive));
      else this.#arrive(end, this.#places.get(address.port));
    };
    world.after(link.delayMs, arrive);
    return end;
  }

  /** The call has come to the system of the one that listens; that one may be stopped and take it later. */
  #arrive(end: End, place: Place | undefined): void {
    if (end.destroyed || !end.process.isAlive) return;
    if (place === undefined) {
      end.refused();
      return;
    }
    const answer = new End(this, place.process, { handlers: undefined, readBytes: 64 << 10 });
    end.connect(answer);
    place.process.after(0, () => {
      if (answer.destroyed) return;
      place.incoming({
        accept: (handlers) => answer.accept(handlers),
        refuse: () => answer.destroy(),
      });
    });
  }
}
