import {
  type Clock,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Logger,
} from '../../../base/index.ts';
import type { Connection, Incoming, Listener, Network } from '../../links/index.ts';
import { FrameConnection, protocolVersion } from '../../links/index.ts';
import type { StreamManagerLimits } from '../limits.ts';

export interface PeerHello {
  readonly topologyId: string;
  readonly containerId: number;
  readonly incarnation: string;
  readonly to: { readonly containerId: number; readonly incarnation: string };
}

/** unknown: no plan names this peer yet; the connection waits for the next plan. */
export type PeerVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface PeerListenerOptions {
  readonly network: Network;
  readonly limits: StreamManagerLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly judge: (hello: PeerHello) => PeerVerdict;
  /** A peer has been accepted: from now on the caller writes to the socket. */
  readonly joined: (containerId: number, socket: Connection) => void;
  readonly left: (containerId: number, socket: Connection) => void;
  readonly controlFrame: (containerId: number, message: JsonObject) => void;
}

/** Messages that a peer may send before it is accepted: its pressure and its loads. */
const earlyMessagesMax = 16;

interface Guest {
  readonly connection: FrameConnection;
  /** Messages that arrived before it was accepted. Invariant: empty once it is accepted. */
  readonly early: JsonObject[];
  hello: PeerHello | undefined;
  isAccepted: boolean;
  deadline: Disposable | undefined;
}

/**
 * Where peers connect to receive the tuples for their tasks. Each introduces itself and names the container
 * that it means to dial; the plan decides. A peer may know a newer plan than this container, so one that the
 * plan held here does not name waits for the next plan.
 */
export class PeerListener {
  readonly #options: PeerListenerOptions;
  readonly #guests = new Set<Guest>();
  #server: Listener | undefined;

  constructor(options: PeerListenerOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the port that the system chose. Rejects with `PORT_IN_USE` or `CONNECT_FAILED` naming the
   * address.
   */
  async listen(host: string): Promise<number> {
    this.#server = await this.#options.network.listen(host, (incoming) => this.#accept(incoming));
    return this.#server.port;
  }

  /** The plan has changed: connections that waited for it are judged again. */
  reconsider(): void {
    for (const guest of [...this.#guests])
      if (!guest.isAccepted && guest.hello !== undefined) this.#judge(guest);
  }

  close(): void {
    this.#server?.close();
    for (const guest of [...this.#guests]) {
      guest.deadline?.[Symbol.dispose]();
      guest.connection.close('this container ends');
    }
    this.#guests.clear();
  }

  #accept(incoming: Incoming): void {
    const { limits, clock, log } = this.#options;
    const strangers = [...this.#guests].filter((guest) => !guest.isAccepted).length;
    if (strangers >= limits.strangersMax) {
      log.warn({ event: 'peer.turned-away', strangers, strangersMax: limits.strangersMax });
      incoming.refuse();
      return;
    }
    const guest: Guest = {
      connection: FrameConnection.accept(incoming, {
        controlFrame: (message) => this.#control(guest, message),
        closed: (reason) => this.#closed(guest, reason),
      }),
      early: [],
      hello: undefined,
      isAccepted: false,
      deadline: clock.after(limits.helloMs, () => this.#refuseLate(guest)),
    };
    this.#guests.add(guest);
  }

  #control(guest: Guest, message: JsonObject): void {
    if (guest.isAccepted) {
      this.#options.controlFrame(guest.hello!.containerId, message);
      return;
    }
    if (guest.hello !== undefined) {
      if (guest.early.push(message) > earlyMessagesMax) this.#refuse(guest, 'speaks before it is accepted');
      return;
    }
    if (message['type'] !== 'peer') throw new Error('the first message is no hello');
    if (message['protocol'] !== protocolVersion) {
      this.#refuse(guest, `protocol ${JSON.stringify(message['protocol'])}, expected ${protocolVersion}`);
      return;
    }
    guest.hello = readHello(message);
    if (guest.hello === undefined) this.#refuse(guest, 'hello is not complete');
    else this.#judge(guest);
  }

  #judge(guest: Guest): void {
    const hello = guest.hello!;
    const verdict = this.#options.judge(hello);
    if (verdict.kind === 'refused') this.#refuse(guest, verdict.reason);
    if (verdict.kind !== 'accepted') return;
    guest.isAccepted = true;
    guest.deadline?.[Symbol.dispose]();
    this.#options.log.info({ event: 'peer.joined', peer: hello.containerId, incarnation: hello.incarnation });
    this.#options.joined(hello.containerId, guest.connection.socket);
    for (const message of guest.early.splice(0)) this.#options.controlFrame(hello.containerId, message);
  }

  #refuseLate(guest: Guest): void {
    if (guest.hello === undefined) {
      guest.connection.close(`no hello within ${this.#options.limits.helloMs} ms`);
      return;
    }
    const verdict = this.#options.judge(guest.hello);
    if (verdict.kind !== 'accepted') this.#refuse(guest, verdict.reason);
  }

  #refuse(guest: Guest, reason: string): void {
    guest.connection.send({ type: 'peer-refused', reason });
    guest.connection.end(`refused: ${reason}`);
  }

  #closed(guest: Guest, reason: string): void {
    guest.deadline?.[Symbol.dispose]();
    if (!this.#guests.delete(guest)) return;
    const { hello, isAccepted, connection } = guest;
    this.#options.log.info({ event: 'peer.left', peer: hello?.containerId, isAccepted, reason });
    if (isAccepted) this.#options.left(hello!.containerId, connection.socket);
  }
}

function readHello(message: JsonObject): PeerHello | undefined {
  const { topologyId } = message;
  const from = readIncarnation(message);
  const to = readIncarnation(message['to']);
  if (typeof topologyId !== 'string' || from === undefined || to === undefined) return undefined;
  return { topologyId, ...from, to };
}

function readIncarnation(value: JsonValue | undefined): PeerHello['to'] | undefined {
  if (!isJsonObject(value)) return undefined;
  const { containerId, incarnation } = value;
  if (typeof containerId !== 'number' || !Number.isInteger(containerId)) return undefined;
  return typeof incarnation === 'string' ? { containerId, incarnation } : undefined;
}
