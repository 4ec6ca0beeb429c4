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
import { peerReadBytes, type StreamManagerLimits } from '../limits.ts';

export interface PeerReaderOptions {
  /** This container. */
  readonly topologyId: string;
  readonly containerId: number;
  readonly incarnation: string;
  /** The container whose frames are read. */
  readonly peer: number;
  readonly network: Network;
  readonly limits: StreamManagerLimits;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly dataFrame: FrameConsumer;
  readonly readEnded: () => void;
  /** Connected: the peer expects this container's pressure and loads. */
  readonly opened: () => void;
  /** The connection was open and has ended. Not called after `release`. */
  readonly lost: () => void;
}

/**
 * This end of the connection over which a peer sends tuples: dials the address in the plan, again after a
 * backoff when the connection is lost or refused, and a new address when the plan has one. A plan that no
 * longer names the peer does not close a connection that works: tuples flow without the topology master.
 */
export class PeerReader {
  readonly #options: PeerReaderOptions;
  #address: StreamManagerAddress | undefined;
  #connection: FrameConnection | undefined;
  #attempts = 0;
  #retry: Disposable | undefined;
  #isClosed = false;
  /** Invariant: while it is set, nothing dials. */
  #isReleased = false;
  #isOpen = false;

  constructor(options: PeerReaderOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined && !this.#connection.socket.connecting;
  }

  /** Connected or dialing. */
  get hasConnection(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * One of the two ends leaves the topology: the connection stays until the other end closes it, and is the
   * last.
   */
  release(): void {
    this.#isReleased = true;
    this.#retry?.[Symbol.dispose]();
  }

  /** Sets the address in the plan, where the peer listens. */
  pointTo(address: StreamManagerAddress): void {
    const wasReleased = this.#isReleased;
    this.#isReleased = false;
    const before = this.#address;
    this.#address = address;
    const isSame =
      before?.incarnation === address.incarnation &&
      before.host === address.host &&
      before.port === address.port;
    if (this.#isClosed || (isSame && (!wasReleased || this.#connection !== undefined))) return;
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
    const isLost = this.#isOpen && !this.#isReleased;
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
      { host: address.host, port: address.port, readBytes: peerReadBytes },
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
    if (this.#isReleased) {
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
