/**
 * scheduler: compares what should run with what runs. It gives topologies slots, starts the processes of
 * their containers (all of a topology at once), restarts dead ones, ends those that are no longer wanted, and
 * takes over what an earlier gateway left running. It knows containers only as processes with a spec file and
 * a record: it never imports them.
 *
 * Invariants: only the gateway that holds the lease schedules; no slot is in two plans; a container never
 * runs twice at the same time; a process is known by pid and start time; what is left of a topology is
 * removed when its last container has ended (its record, name and code are nimbus's). Start at reconcile.ts
 * (the decisions), then local-scheduler.ts (the edge).
 */
export type { ContainerCommand } from './local-container.ts';
export { LocalScheduler } from './local-scheduler.ts';
export type { LocalSchedulerOptions } from './scheduler-options.ts';
