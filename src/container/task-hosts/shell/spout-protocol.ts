import { GatewayError } from '../../../base/index.ts';
import type { LossReport } from '../../links/index.ts';
import { noAnchors } from './anchors.ts';
import { type ChildMessage, type EmitMessage, spoutCommandText } from './messages.ts';
import type { Protocol, ProtocolParts, Surroundings, TaskInput } from './protocol-parts.ts';
import { SpoutTrees } from './spout-trees.ts';

/**
 * A shell spout (storm-client 2.8: ShellSpout, SpoutExecutor, SpoutOutputCollectorImpl). In lock-step: a
 * command, the child's messages, `sync`, the next command.
 *
 *   new -begin-> idle -command-> busy -sync-> idle
 *
 * What goes out while idle, in this order: activate or deactivate when the status has changed; acks and
 * fails, also while inactive; `next`, when the topology is active and complete, nothing downstream is under
 * pressure, its pace and its output rate allow it and fewer trees than allowed are pending. A `next` that
 * emitted nothing is followed by a pause.
 *
 * Trees that were pending when a child died are forgotten, as with the death of a Storm worker: the ids mean
 * nothing to the next child. A spout that must not lose tuples replays from its source.
 */
export class SpoutProtocol implements Protocol {
  readonly #parts: ProtocolParts;
  readonly #trees: SpoutTrees;
  #state: 'new' | 'idle' | 'busy' = 'new';
  #command = '';
  #busySinceMs = 0;
  #isActivated = false;
  #emits = 0;
  #replies = '';
  #pause: Disposable | undefined;

  readonly input = noInput;

  constructor(parts: ProtocolParts) {
    this.#parts = parts;
    this.#trees = new SpoutTrees(parts);
  }

  get owesAnswerSinceMs(): number | undefined {
    return this.#state === 'busy' ? this.#busySinceMs : undefined;
  }

  begin(): void {
    this.#state = 'idle';
    this.#parts.pipe.write(this.#parts.emitter.begin());
    this.#trees.begin();
  }

  /** Takes the outcomes of trees that ackers send. */
  deliver(buffer: Buffer, start: number, end: number): void {
    this.#trees.takeOutcomes(buffer, start, end);
  }

  handle(message: ChildMessage): void {
    switch (message.kind) {
      case 'emit':
        this.#emit(message);
        break;
      case 'sync':
        this.#synced();
        break;
      default: {
        const command = message.kind === 'unknown' ? message.command : message.kind;
        throw new GatewayError(
          'CHILD_SPOKE_NONSENSE',
          `sent the command ${JSON.stringify(command)}, which a spout does not have`,
        );
      }
    }
  }

  batchEnded(): void {
    if (this.#replies !== '') {
      const replies = this.#replies;
      this.#replies = '';
      this.#parts.pipe.write(replies);
    }
    this.#parts.frames.flushSoon();
  }

  pump(surroundings: Surroundings): void {
    this.#parts.throttle.setPressured(surroundings.isPressured);
    if (this.#state !== 'idle') return;
    const command = this.#nextCommand(surroundings);
    if (command === undefined) {
      this.#parts.frames.flush();
      return;
    }
    this.#state = 'busy';
    this.#busySinceMs = this.#parts.clock.monotonicMs();
    this.#emits = 0;
    this.#command = command;
    this.#parts.pipe.write(command);
  }

  hearLoad(load: number): void {
    this.#parts.throttle.setLoad(load);
  }

  everySecond(): void {
    // A spout's heartbeat is its answer to a command.
    this.#parts.throttle.everySecond();
  }

  /** What its trees come to goes to where its task has moved. */
  get isIdle(): boolean {
    return true;
  }

  treesLost(report: LossReport): void {
    this.#trees.takeLosses(report);
  }

  lost(): void {
    // See above: forgotten.
  }

  close(): void {
    this.#parts.frames.flush();
    this.#parts.throttle.close();
    this.#trees.close();
    this.#pause?.[Symbol.dispose]();
  }

  #nextCommand({ isActive, isComplete }: Surroundings): string | undefined {
    if (isActive !== this.#isActivated) {
      this.#isActivated = isActive;
      return isActive ? activateText : deactivateText;
    }
    const outcome = this.#trees.nextOutcome();
    if (outcome !== undefined) return outcome;
    const mayEmit = isActive && isComplete && this.#pause === undefined;
    if (!mayEmit || this.#trees.isFull) return undefined;
    return this.#parts.throttle.mayGo() ? nextText : undefined;
  }

  #synced(): void {
    if (this.#state !== 'busy') return;
    this.#state = 'idle';
    const { clock, settings, wake } = this.#parts;
    if (this.#command !== nextText || this.#emits > 0 || settings.spoutWaitMs === 0) return;
    this.#pause = clock.after(settings.spoutWaitMs, () => {
      this.#pause = undefined;
      wake();
    });
  }

  #emit(message: EmitMessage): void {
    const { emitter, ackers } = this.#parts;
    const { idText } = message;
    this.#emits++;
    const chosen = emitter.choose(message);
    if (idText !== undefined) this.#trees.checkRoom();
    if (emitter.refused !== undefined) {
      this.#parts.reportError(emitter.refused.message);
      if (idText !== undefined) this.#trees.failAtOnce(idText);
    } else if (idText !== undefined && ackers.hasAckers && chosen.length > 0) {
      this.#trees.grow(chosen, idText);
    } else {
      for (const target of chosen) emitter.send(target, noAnchors);
      if (idText !== undefined) this.#trees.completeAtOnce(idText);
    }
    this.#replies += emitter.reply;
  }
}

const activateText = spoutCommandText('activate');
const deactivateText = spoutCommandText('deactivate');
const nextText = spoutCommandText('next');
const noInput: TaskInput = {
  load: 0,
  isUnderPressure: false,
  queue: { bytes: 0, tuples: 0, droppedTuples: 0 },
};
