import type { ComponentId, PackingPlan, TopologyStatus } from '../topology/index.ts';

/**
 * Present while the store holds what was written to it. Written by the scheduler, last of all when it fills
 * an emptied store again: while it is missing, a missing record says nothing.
 */
export interface MarkerRecord {
  readonly id: string;
  readonly madeAtMs: number;
}

/** Written by nimbus; watched by the topology master and the scheduler. */
export interface TopologyRecord {
  readonly id: string;
  readonly name: string;
  readonly status: TopologyStatus;
  readonly owner: string;
  readonly launchedAtSecs: number;
  /** Set with KILLED: at this time the containers end and the record is removed. */
  readonly removeAtMs?: number;
  readonly workers: number;
  /**
   * Executors of components that a rebalance gave another number; the others have what they were submitted
   * with.
   */
  readonly executors?: Readonly<Record<ComponentId, number>>;
  /** Set with REBALANCING: the pending rebalance. */
  readonly rebalance?: PendingRebalance;
  /**
   * How many rebalances the scheduler is to have placed; the assignment counts those it has. Absent: none.
   */
  readonly rebalances?: number;
  /** How many times the configuration in the code directory has been changed. Absent: never. */
  readonly codeVersion?: number;
  readonly stormVersion?: string;
  readonly jdkVersion?: string;
}

/**
 * Written by the scheduler in place of a TopologyRecord that it could not restore: the topology is listed,
 * and can be killed.
 */
export interface UnreadableRecord {
  readonly id: string;
  /** Why, for the user. */
  readonly unreadable: string;
}

/**
 * A rebalance in progress. All of it is in the record, so a gateway that takes over continues it:
 *
 *   waiting: spouts are paused until `dueAtMs`   -->   placing: the record asks for what was wanted, the
 *   scheduler packs -->   (the assignment has as many rebalances as the record): the status before is
 *   restored
 */
export interface PendingRebalance {
  readonly phase: 'waiting' | 'placing';
  readonly statusBefore: 'ACTIVE' | 'INACTIVE';
  readonly dueAtMs: number;
  readonly workers?: number;
  readonly executors?: Readonly<Record<ComponentId, number>>;
  /** JSON of the keys to lay over the topology's configuration, as it was sent. */
  readonly confOverrides?: string;
}

/**
 * Written by the scheduler. `reason` says why containers are missing or fewer than asked, empty otherwise.
 */
export interface AssignmentRecord {
  readonly plan: PackingPlan;
  readonly reason: string;
  /** How many rebalances of the topology this assignment has placed. Absent: none. */
  readonly rebalances?: number;
  /**
   * Containers that a newer plan left out; they run until they have forwarded what they hold, at most until
   * `endAtMs`.
   */
  readonly leaving?: readonly LeavingContainer[];
  /**
   * Packing took too long or too much memory: it is retried when the record changes, and last of all at a
   * start.
   */
  readonly isGivenUp?: boolean;
}

export interface LeavingContainer {
  readonly containerId: number;
  readonly slotPort: number;
  readonly endAtMs: number;
}

/** Written by the scheduler of a node. */
export interface SupervisorRecord {
  readonly nodeId: string;
  readonly hostname: string;
  readonly slotPorts: readonly number[];
  readonly startedAtMs: number;
}

/** The lease of a topology master. `epoch` is the lease's fencing number. */
export interface MasterRecord {
  readonly host: string;
  readonly port: number;
}

/**
 * Written by the scheduler that started the process. `processStart` is field 22 of /proc/PID/stat: a reused
 * pid differs.
 */
export interface ContainerRecord {
  readonly pid: number;
  readonly processStart: string;
  readonly incarnation: string;
  readonly startedAtMs: number;
  readonly restarts: number;
  /** How the previous process of this container ended, or empty. */
  readonly lastExit: string;
}
