import { type Clock, GatewayError } from '../../../base/index.ts';
import type { PhysicalPlan } from '../../../topology/index.ts';
import type { LossReport } from '../../links/index.ts';
import type { ControlledTask, Downstream } from '../emitting/index.ts';
import { type ChildMessage, parseMessage } from './messages.ts';
import type { ChildPipe, Protocol, TaskInput } from './protocol-parts.ts';
import type { ShellSettings } from './settings.ts';
import type { ShellChild } from './shell-child.ts';
import type { ShellLog } from './shell-log.ts';
import type { ShellMetrics } from './shell-metrics.ts';

export interface ShellTaskOptions {
  readonly settings: ShellSettings;
  /** The whole handshake message. */
  readonly handshake: string;
  readonly makeProtocol: (pipe: ChildPipe, wake: () => void) => Protocol;
  readonly downstream: Downstream;
  readonly clock: Clock;
  readonly log: ShellLog;
  readonly metrics: ShellMetrics;
  readonly reportError: (text: string) => void;
  /** The task has come under pressure, or out of it. */
  readonly onPressure: (isHigh: boolean) => void;
}

/** A gap this long between two checks means that this process, not the child, was paused. */
const stalledMs = 5000;

/**
 * One shell task with its child, from spawn to end:
 *
 *   waiting --plan ACTIVE and complete: handshake--> greeting --pid--> running --> (the child's end)
 *
 * A child is spawned early and receives nothing until the topology is active for the first time, as Storm
 * opens no spout and prepares no bolt of an inactive topology. Runs on the event loop in the callbacks of
 * pipes and of the stream manager; nothing here awaits, and a fault of the child ends the child.
 */
export class ShellTask implements ChildPipe, ControlledTask {
  readonly #options: ShellTaskOptions;
  readonly #protocol: Protocol;
  #child: ShellChild | undefined;
  #phase: 'waiting' | 'greeting' | 'running' | 'ended' = 'waiting';
  /**
   * It said its pid before the handshake went out. Storm would find that in the pipe once it had sent its
   * own.
   */
  #hasSaidPid = false;
  #isActive = false;
  #isComplete = false;
  #isHeldByManager = false;
  /** A task downstream holds this one back. */
  #isPressured = false;
  #isReadingPaused = false;
  #wasUnderPressure = false;
  /** When the child last said something, or took in what waited for it. */
  #lastSignMs: number;
  #lastCheckMs: number;
  /**
   * The pump is on the stack: what it writes may be delivered to this very task, which must not pump again.
   */
  #isPumping = false;

  constructor(options: ShellTaskOptions) {
    this.#options = options;
    this.#lastSignMs = options.clock.monotonicMs();
    this.#lastCheckMs = this.#lastSignMs;
    this.#protocol = options.makeProtocol(this, () => this.#pump());
  }

  get hasAnswered(): boolean {
    return this.#phase === 'running';
  }

  get input(): TaskInput {
    return this.#protocol.input;
  }

  get isIdle(): boolean {
    return this.#protocol.isIdle;
  }

  get isBackedUp(): boolean {
    return this.#child?.isBackedUp ?? true;
  }

  write(text: string): void {
    this.#child?.write(text);
  }

  attach(child: ShellChild): void {
    this.#child = child;
    this.#options.log.launched(child.pid);
    this.#greet();
    this.#pauseReading();
  }

  takePlan({ status, isComplete }: PhysicalPlan): void {
    this.#isActive = status === 'ACTIVE';
    this.#isComplete = isComplete;
    this.#greet();
    this.#pump();
  }

  takePressure(isPressured: boolean): void {
    if (isPressured === this.#isPressured) return;
    this.#isPressured = isPressured;
    this.#pauseReading();
    this.#pump();
  }

  takeLoad(load: number): void {
    this.#protocol.hearLoad(load);
  }

  takeLosses(report: LossReport): void {
    this.#protocol.treesLost?.(report);
    this.#pump();
  }

  /** The stream manager holds the tasks' output back. */
  setHeld(isHeld: boolean): void {
    this.#isHeldByManager = isHeld;
    this.#pauseReading();
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    this.#protocol.deliver(buffer, start, end);
  }

  /** All frames of one read have been delivered. */
  flush(): void {
    this.#pump();
  }

  /** One message of the child. What it throws ends the child. */
  message(text: string): void {
    this.#options.downstream.heard(text.length);
    this.#take(parseMessage(text));
  }

  batchEnded(): void {
    this.#sign();
    this.#protocol.batchEnded();
    this.#pauseReading();
    this.#pump();
  }

  drained(): void {
    this.#sign();
    this.#pump();
  }

  /** Heartbeats, and the end of a child that has not answered for too long. */
  everySecond(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const wasStalled = nowMs - this.#lastCheckMs > stalledMs;
    this.#lastCheckMs = nowMs;
    if (wasStalled || this.#isReadingPaused) this.#lastSignMs = nowMs;
    this.#checkSilence(nowMs);
    if (this.#phase !== 'running') return;
    this.#protocol.everySecond(nowMs);
    this.#pump();
  }

  /** The child is gone. What it held is failed, unless the topology is being stopped. */
  end(options: { readonly isStopping: boolean }): void {
    this.#phase = 'ended';
    if (!options.isStopping) this.#protocol.lost();
    this.#protocol.close();
  }

  #greet(): void {
    const isDue = this.#phase === 'waiting' && this.#isActive && this.#isComplete;
    if (!isDue || this.#child === undefined) return;
    this.#phase = 'greeting';
    this.#sign();
    this.#child.write(this.#options.handshake);
    if (this.#hasSaidPid) this.#begin();
  }

  #take(message: ChildMessage): void {
    const { log, metrics, reportError } = this.#options;
    switch (message.kind) {
      case 'log':
        log.message(message.level, message.text);
        break;
      case 'error':
        reportError(`java.lang.Exception: Shell Process Exception: ${message.text}`);
        break;
      case 'metrics':
        metrics.update(message.name, message.params);
        break;
      case 'pid':
        this.#answered(message.pid);
        break;
      default:
        if (this.#phase !== 'running') throw this.#tooEarly(message.kind);
        this.#protocol.handle(message);
    }
  }

  #answered(pid: number): void {
    if (this.#hasSaidPid) {
      throw new GatewayError('CHILD_SPOKE_NONSENSE', `said its pid (${pid}) a second time`);
    }
    this.#hasSaidPid = true;
    if (this.#phase === 'greeting') this.#begin();
  }

  #begin(): void {
    this.#phase = 'running';
    this.#protocol.begin();
  }

  #tooEarly(kind: string): GatewayError {
    const expected = 'expected {"pid": ...} as the answer to the handshake';
    return new GatewayError('HANDSHAKE_FAILED', `${expected}, got a message "${kind}"`);
  }

  #checkSilence(nowMs: number): void {
    const { settings } = this.#options;
    if (this.#phase === 'greeting' && nowMs - this.#lastSignMs > settings.handshakeMsMax) {
      this.#child?.fail(
        new GatewayError(
          'HANDSHAKE_FAILED',
          `did not answer the handshake within ${settings.handshakeMsMax / 1000} s ` +
            '(egret.shell.handshake.timeout.secs, supervisor.worker.start.timeout.secs)',
        ),
      );
    }
    const owesSinceMs = this.#protocol.owesAnswerSinceMs;
    if (this.#phase !== 'running' || owesSinceMs === undefined) return;
    if (nowMs - Math.max(owesSinceMs, this.#lastSignMs) <= settings.silenceMsMax) return;
    this.#child?.fail(
      new GatewayError(
        'CHILD_STUCK',
        `subprocess heartbeat timeout: answered nothing for ${settings.silenceMsMax / 1000} s ` +
          '(topology.subprocess.timeout.secs, supervisor.worker.timeout.secs)',
      ),
    );
  }

  #pump(): void {
    if (this.#phase === 'ended' || this.#isPumping) return;
    if (this.#phase === 'running') {
      this.#isPumping = true;
      try {
        this.#protocol.pump({
          isActive: this.#isActive,
          isComplete: this.#isComplete,
          isPressured: this.#isPressured,
        });
      } finally {
        this.#isPumping = false;
      }
    }
    if (this.#protocol.input.isUnderPressure === this.#wasUnderPressure) return;
    this.#wasUnderPressure = !this.#wasUnderPressure;
    this.#options.onPressure(this.#wasUnderPressure);
  }

  #pauseReading(): void {
    const mustPause = this.#isHeldByManager || this.#options.downstream.mustWait;
    if (mustPause === this.#isReadingPaused || this.#child === undefined) return;
    this.#isReadingPaused = mustPause;
    this.#child.setPaused(mustPause);
    this.#sign();
  }

  #sign(): void {
    this.#lastSignMs = this.#options.clock.monotonicMs();
  }
}
