/**
 * chaos: the pure part of runs in which real processes are killed, stopped and cut off while known ids flow:
 * which faults a seed stands for, and whether the journals of the run's tasks keep the promise.
 * compat-tests/chaos does it to a gateway. Start at checker.ts.
 */
export { Checker, type Verdict } from './checker.ts';
export { AckTimes } from './gaps.ts';
export { LineReader } from './lines.ts';
export { type FaultKind, type PlannedFault, type ProcessKind, planFaults } from './schedule.ts';
