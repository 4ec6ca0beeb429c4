/**
 * scheduler: what should run against what runs. Gives topologies slots, starts the processes of their containers (all of
 * a topology at once), starts dead ones again, ends those that nobody wants, and takes over what an earlier gateway left
 * running. It knows containers only as processes with a spec file and a record: it never imports them.
 *
 * Invariants: only the gateway that holds the lease schedules; no slot is in two plans; a container never runs twice at a
 * time; a process is known by pid and start time; what is left of a topology goes when its last container has ended
 * (its record, name and code are nimbus's).
 * Start at reconcile.ts (the decisions), then local-scheduler.ts (the edge).
 */
export type { ContainerCommand } from './local-container.ts';
export { LocalScheduler, type LocalSchedulerOptions } from './local-scheduler.ts';
