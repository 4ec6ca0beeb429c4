/**
 * system: the tasks that Storm adds to a topology and that need no worker of their own: `__acker` for
 * containers without a JVM. Start at acker-host.ts; the tracking of trees is ack-table.ts.
 */
export { AckerHost } from './acker-host.ts';
