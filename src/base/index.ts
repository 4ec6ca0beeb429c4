/**
 * base: what every room stands on and no domain word in it: errors, clock, chance, logs, small async helpers.
 * Imports nothing of ours. The only room (with bin) that touches the machine's clock, random numbers and
 * environment. Start at errors.ts.
 */

export { type Deferred, deferred, nextTurn, TaskGroup, untilAborted, waitFor } from './async.ts';
export { type BackoffLimits, backoffMs } from './backoff.ts';
export { type Clock, systemClock, throwIfAborted } from './clock.ts';
export { diskFullText, type Freeing, isDiskFull, withoutReserve } from './disk-full.ts';
export { inheritedEnvironment } from './environment.ts';
export {
  describeError,
  type ErrorCode,
  errorCode,
  GatewayError,
  type GatewayErrorOptions,
} from './errors.ts';
export { FairQueue } from './fair-queue.ts';
export { findInstallation, type Installation, setupCommand } from './installation.ts';
export { asJson, isJsonObject, type JsonObject, type JsonValue } from './json.ts';
export { type Logger, type LogLevel, openLog, silentLog } from './log.ts';
export { limitedByPeer } from './log-limit.ts';
export {
  type CallMark,
  type CallMarks,
  LoopWatch,
  unwatchedCalls,
} from './loop-watch.ts';
export { MemoryReturn, memoryGiveBack } from './memory-return.ts';
export { Metrics } from './metrics.ts';
export { MetricsFile } from './metrics-file.ts';
export { type RandomSource, seededRandom, systemRandom } from './random.ts';
export { recordBytesMax } from './record-limits.ts';
export { parseJsonObject, readRegularFile, readRegularFileSync } from './regular-file.ts';
export { rollFile } from './roll-file.ts';
export { shortened, withoutPasswords } from './text.ts';
export { startThread } from './thread.ts';
