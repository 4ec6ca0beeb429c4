import { backoffMs, type Clock, type Logger, type RandomSource } from '../../../base/index.ts';
import type { StreamManagerAddress } from '../../../topology/index.ts';
import type { FrameConsumer } from '../../../tuple/index.ts';
import type { Network } from '../../links/index.ts';
import {
  FrameConnection,
  type LoadReport,
  type LossReport,
  type PressureReport,
  protocolVersion,
} from '../../links/index.ts';
import type { StreamManagerLimits } from '../limits.ts';

const readBytes = 256 << 10;

export interface PeerReaderOptions {
  /** Who we are. */
  readonly topologyId: string;
  readonly containerId: number;
  readonly incarnation: string;
  /** The container whose frames we want. */
  readonly peer: number;
  readonly network: Network;
  readonly limits: StreamManagerLimits;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly dataFrame: FrameConsumer;
  readonly readEnded: () => void;
  /** Connected: the peer wants to know of our pressure and loads. */
  readonly opened: () => void;
  /** No longer connected, and it was; not said of one that was let go. */
  readonly lost: () => void;
}

/**
 * Our end of the connection over which a peer sends us tuples: dials it where the plan says, again after a backoff
 * when it is lost or refused, elsewhere when the plan says so. A connection that works is left alone by a plan that
 * no longer names the peer: tuples flow without the topology master.
 */
export class PeerReader {
  readonly #options: PeerReaderOptions;
  #address: StreamManagerAddress | undefined;
  #connection: FrameConnection | undefined;
  #attempts = 0;
  #retry: Disposable | undefined;
  #isClosed = false;
  /** Not to be dialled again. */
  #isLetGo = false;
  #isOpen = false;

  constructor(options: PeerReaderOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined && !this.#connection.socket.connecting;
  }

  /** Connected, or on the way to it. */
  get hasConnection(): boolean {
    return this.#connection !== undefined;
  }

  /** One of the two ends leaves the topology: the connection lives until the other end closes it, and is the last. */
  letGo(): void {
    this.#isLetGo = true;
    this.#retry?.[Symbol.dispose]();
  }

  /** Where the plan says that the peer listens. */
  pointTo(address: StreamManagerAddress): void {
    const wasLetGo = this.#isLetGo;
    this.#isLetGo = false;
    const before = this.#address;
    this.#address = address;
    const isSame =
      before?.incarnation === address.incarnation &&
      before.host === address.host &&
      before.port === address.port;
    if (this.#isClosed || (isSame && (!wasLetGo || this.#connection !== undefined))) return;
    this.#attempts = 0;
    this.#drop('the peer has moved');
    this.#dial();
  }

  /** False when the peer is not connected, and the message was not sent. */
  send(message: LoadReport | PressureReport | LossReport): boolean {
    if (this.isConnected) this.#connection?.send(message);
    return this.isConnected;
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.[Symbol.dispose]();
    this.#connection?.close('this container ends');
    this.#connection = undefined;
  }

  #drop(reason: string): void {
    const isLost = this.#isOpen && !this.#isLetGo;
    this.#isOpen = false;
    this.#connection?.close(reason);
    this.#connection = undefined;
    if (isLost) this.#options.lost();
  }

  #dial(): void {
    const address = this.#address!;
    const { topologyId, containerId, incarnation, dataFrame, readEnded } = this.#options;
    this.#retry?.[Symbol.dispose]();
    this.#connection = FrameConnection.dial(
      this.#options.network,
      { host: address.host, port: address.port, readBytes },
      {
        opened: (connection) => {
          const to = { containerId: address.containerId, incarnation: address.incarnation };
          const protocol = protocolVersion;
          connection.send({ type: 'peer', protocol, topologyId, containerId, incarnation, to });
          this.#isOpen = true;
          this.#options.opened();
        },
        dataFrame: (buffer, start, end) => {
          this.#attempts = 0;
          dataFrame(buffer, start, end);
        },
        readEnded,
        controlFrame: (message, connection) => {
          const reason = message['reason'];
          if (message['type'] !== 'peer-refused')
            throw new Error(`unexpected ${JSON.stringify(message['type'])}`);
          connection.close(`refused: ${typeof reason === 'string' ? reason : 'no reason given'}`);
        },
        closed: (reason, connection) => this.#closed(reason, connection),
      },
    );
  }

  #closed(reason: string, connection: FrameConnection): void {
    if (this.#connection !== connection || this.#isClosed) return;
    this.#drop(reason);
    const { clock, limits, random, log, peer } = this.#options;
    if (this.#isLetGo) {
      log.info({ event: 'peer.released', peer, reason });
      return;
    }
    const retryMs = backoffMs(this.#attempts, limits.reconnect, random);
    const fields = { event: 'peer.lost', peer, reason, attempt: this.#attempts, retryMs };
    if (this.#attempts === 0) log.info(fields);
    else log.debug(fields);
    this.#attempts++;
    this.#retry = clock.after(retryMs, () => this.#dial());
  }
}
