import { type Clock, GatewayError } from '../../../base/index.ts';
import type { ShellSettings } from './settings.ts';

/** A gap this long between two checks means that this process, not the child, was paused. */
const stalledMs = 5000;

/**
 * Notices that a child has been silent for too long. Time in which this process was paused, or does not read
 * from the child, does not count.
 */
export class SilenceWatch {
  readonly #settings: Pick<ShellSettings, 'handshakeMsMax' | 'silenceMsMax'>;
  readonly #clock: Clock;
  /** When the child last said something, or took in what waited for it. */
  #lastSignMs: number;
  #lastCheckMs: number;

  constructor(settings: Pick<ShellSettings, 'handshakeMsMax' | 'silenceMsMax'>, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#lastSignMs = clock.monotonicMs();
    this.#lastCheckMs = this.#lastSignMs;
  }

  /** The child has given a sign of life, or its time starts again. */
  sign(): void {
    this.#lastSignMs = this.#clock.monotonicMs();
  }

  /** Called about once a second, before the time is judged. */
  tick(nowMs: number, isReadingPaused: boolean): void {
    const wasStalled = nowMs - this.#lastCheckMs > stalledMs;
    this.#lastCheckMs = nowMs;
    if (wasStalled || isReadingPaused) this.#lastSignMs = nowMs;
  }

  /** The fault of a child that has the handshake and has not answered it in time; undefined: none. */
  handshakeFault(nowMs: number): GatewayError | undefined {
    const { handshakeMsMax } = this.#settings;
    if (nowMs - this.#lastSignMs <= handshakeMsMax) return undefined;
    return new GatewayError(
      'HANDSHAKE_FAILED',
      `did not answer the handshake within ${handshakeMsMax / 1000} s ` +
        '(egret.shell.handshake.timeout.secs, supervisor.worker.start.timeout.secs)',
    );
  }

  /** The fault of a child that has owed an answer since `owesSinceMs` for too long; undefined: none. */
  answerFault(nowMs: number, owesSinceMs: number | undefined): GatewayError | undefined {
    const { silenceMsMax } = this.#settings;
    if (owesSinceMs === undefined) return undefined;
    if (nowMs - Math.max(owesSinceMs, this.#lastSignMs) <= silenceMsMax) return undefined;
    return new GatewayError(
      'CHILD_STUCK',
      `subprocess heartbeat timeout: answered nothing for ${silenceMsMax / 1000} s ` +
        '(topology.subprocess.timeout.secs, supervisor.worker.timeout.secs)',
    );
  }
}
