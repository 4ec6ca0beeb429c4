import type { Clock, GatewayError } from '../../../base/index.ts';
import type { PhysicalPlan } from '../../../topology/index.ts';
import type { LossReport } from '../../links/index.ts';
import type { ControlledTask, Downstream } from '../emitting/index.ts';
import { ChildPhase } from './child-phase.ts';
import { type ChildMessage, parseMessage } from './messages.ts';
import type { ChildPipe, Protocol, TaskInput } from './protocol-parts.ts';
import type { ShellSettings } from './settings.ts';
import type { ShellChild } from './shell-child.ts';
import type { ShellLog } from './shell-log.ts';
import type { ShellMetrics } from './shell-metrics.ts';
import { SilenceWatch } from './silence-watch.ts';

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

/**
 * One shell task with its child, from spawn to end; see {@link ChildPhase}. A child is spawned early and
 * receives nothing until the topology is active for the first time, as Storm opens no spout and prepares no
 * bolt of an inactive topology. Runs on the event loop in the callbacks of pipes and of the stream manager;
 * nothing here awaits, and a fault of the child ends the child.
 */
export class ShellTask implements ChildPipe, ControlledTask {
  readonly #options: ShellTaskOptions;
  readonly #protocol: Protocol;
  readonly #silence: SilenceWatch;
  #child: ShellChild | undefined;
  readonly #phase = new ChildPhase();
  /** Invariant: as the last plan and the last pressure report said. */
  readonly #surroundings = { isActive: false, isComplete: false, isPressured: false };
  #isHeldByManager = false;
  #isReadingPaused = false;
  #wasUnderPressure = false;
  /**
   * The pump is on the stack: what it writes may be delivered to this very task, which must not pump again.
   */
  #isPumping = false;

  constructor(options: ShellTaskOptions) {
    this.#options = options;
    this.#silence = new SilenceWatch(options.settings, options.clock);
    this.#protocol = options.makeProtocol(this, () => this.#pump());
  }

  get hasAnswered(): boolean {
    return this.#phase.now === 'running';
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
    this.#surroundings.isActive = status === 'ACTIVE';
    this.#surroundings.isComplete = isComplete;
    this.#greet();
    this.#pump();
  }

  takePressure(isPressured: boolean): void {
    if (isPressured === this.#surroundings.isPressured) return;
    this.#surroundings.isPressured = isPressured;
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
    this.#silence.sign();
    this.#protocol.batchEnded();
    this.#pauseReading();
    this.#pump();
  }

  drained(): void {
    this.#silence.sign();
    this.#pump();
  }

  /** Heartbeats, and the end of a child that has not answered for too long. */
  everySecond(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#silence.tick(nowMs, this.#isReadingPaused);
    this.#checkSilence(nowMs);
    if (this.#phase.now !== 'running') return;
    this.#protocol.everySecond(nowMs);
    this.#pump();
  }

  /** The child is gone. What it held is failed, unless the topology is being stopped. */
  end(options: { readonly isStopping: boolean }): void {
    this.#phase.ended();
    if (!options.isStopping) this.#protocol.lost();
    this.#protocol.close();
  }

  #greet(): void {
    const { isActive, isComplete } = this.#surroundings;
    const isDue = this.#phase.now === 'waiting' && isActive && isComplete;
    if (!isDue || this.#child === undefined) return;
    this.#phase.greeted();
    this.#silence.sign();
    this.#child.write(this.#options.handshake);
    if (this.#phase.begins()) this.#protocol.begin();
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
        this.#phase.saidPid(message.pid);
        if (this.#phase.begins()) this.#protocol.begin();
        break;
      default:
        this.#phase.checkRunning(message.kind);
        this.#protocol.handle(message);
    }
  }

  #checkSilence(nowMs: number): void {
    let fault: GatewayError | undefined;
    if (this.#phase.now === 'greeting') fault = this.#silence.handshakeFault(nowMs);
    else if (this.#phase.now === 'running') {
      fault = this.#silence.answerFault(nowMs, this.#protocol.owesAnswerSinceMs);
    }
    if (fault !== undefined) this.#child?.fail(fault);
  }

  #pump(): void {
    if (this.#phase.now === 'ended' || this.#isPumping) return;
    if (this.#phase.now === 'running') {
      this.#isPumping = true;
      try {
        this.#protocol.pump(this.#surroundings);
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
    this.#silence.sign();
  }
}
