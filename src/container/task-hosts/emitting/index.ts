/**
 * emitting: what task hosts in this process share to send tuples: frames gathered by target, the words to the
 * ackers, and when a task may emit at all (pressure, pace, rate). Start at target-frames.ts and
 * output-throttle.ts.
 */
export { AckerLink } from './acking.ts';
export { Downstream } from './downstream.ts';
export { ErrorReports } from './error-reports.ts';
export { type ControlledTask, HostControl } from './host-control.ts';
export { readOutputLimits } from './output-limits.ts';
export { OutputThrottle } from './output-throttle.ts';
export { TargetFrames } from './target-frames.ts';
export type { OutputLimits } from './token-bucket.ts';
