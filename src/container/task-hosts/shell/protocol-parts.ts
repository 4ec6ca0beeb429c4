import type { Clock, RandomSource } from '../../../base/index.ts';
import type { ComponentId, TaskId, TopologyIndex } from '../../../topology/index.ts';
import type { LossReport, QueueFill } from '../../links/index.ts';
import type { TaskMetrics } from '../../metrics-manager/index.ts';
import type { AckerLink, OutputThrottle, TargetFrames } from '../emitting/index.ts';
import type { Emitter } from './emitter.ts';
import type { ChildMessage } from './messages.ts';
import type { ShellSettings } from './settings.ts';

/** What both protocols are made of. All of it belongs to one task. */
export interface ProtocolParts {
  readonly taskId: TaskId;
  readonly componentId: ComponentId;
  readonly topology: TopologyIndex;
  readonly settings: ShellSettings;
  readonly emitter: Emitter;
  readonly frames: TargetFrames;
  readonly ackers: AckerLink;
  readonly throttle: OutputThrottle;
  readonly metrics: TaskMetrics;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly pipe: ChildPipe;
  /** Something may be written that could not be written before. */
  readonly wake: () => void;
  /** A fault of one tuple, for the component's errors. The child lives on. */
  readonly reportError: (text: string) => void;
}

/** The way to the child's standard input. */
export interface ChildPipe {
  write(text: string): void;
  /** What was written waits: the child reads slower than we write. */
  readonly isBackedUp: boolean;
}

/** How the tasks around this one stand. */
export interface Surroundings {
  /** The topology's status is ACTIVE. */
  readonly isActive: boolean;
  /** Every container of the topology has its place in the plan. */
  readonly isComplete: boolean;
  /** A task that holds this one back (downstream.ts) is under pressure. */
  readonly isPressured: boolean;
}

/** How much waits for the child; all zero for a spout. */
export interface TaskInput {
  /** Fullness, 0..1, and whether senders are to slow down. */
  readonly load: number;
  readonly isUnderPressure: boolean;
  readonly queue: QueueFill;
}

/** The spout's or the bolt's half of a shell task. Nothing here awaits. */
export interface Protocol {
  /** The handshake is done. */
  begin(): void;
  /** Takes a DATA frame; the bytes are the caller's. */
  deliver(buffer: Buffer, start: number, end: number): void;
  /** Takes a message of the child that is about tuples. Throws what the child is to be ended for. */
  handle(message: ChildMessage): void;
  /** All messages of one read are handled: answers, then frames, then what there is room for. */
  batchEnded(): void;
  /** Writes to the child what may be written now. */
  pump(surroundings: Surroundings): void;
  /** Fullness of the fullest queue downstream, 0..1, has changed. */
  hearLoad(load: number): void;
  /** Called about once a second. */
  everySecond(nowMs: number): void;
  /** Since when the child owes an answer; undefined when it owes none. */
  readonly owesAnswerSinceMs: number | undefined;
  readonly input: TaskInput;
  /** True when everything that was delivered has been processed; always true for a spout. */
  readonly isIdle: boolean;
  /** Spouts only: tasks were lost elsewhere, with the trees they had a part in. */
  treesLost?(report: LossReport): void;
  /** The child is gone: what it held is given up. */
  lost(): void;
  /** Timers end. */
  close(): void;
}
