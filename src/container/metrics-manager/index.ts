/**
 * metrics-manager: what a container knows about its tasks, and tells the state store: counts over Storm's
 * windows, heartbeats, errors. Counting is exact and cheap enough for the path of each tuple; telling is
 * bounded and survives a store that is away.
 *
 * Start at task-metrics.ts for counting, metrics-manager.ts for telling.
 */
export { BuiltinMetrics, type DataPoint } from './builtin-metrics.ts';
export { ErrorThrottle, errorThrottleLimits } from './error-throttle.ts';
export { MetricsManager, type MetricsManagerDeps, type Reporter } from './metrics-manager.ts';
export { MetricsRegistry } from './metrics-registry.ts';
export { type TaskDescription, TaskMetrics } from './task-metrics.ts';
