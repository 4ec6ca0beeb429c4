import type { AssignmentRecord, SupervisorRecord, TopologyRecord } from '../records/index.ts';
import type { TopologyStatus } from '../topology/index.ts';
import { executorsOfPlan } from './executors.ts';
import type { UnreadableTopology } from './stored-topologies.ts';

/** A topology's record with the scheduler's answer to it. */
export interface TopologyView {
  readonly record: TopologyRecord;
  /** Undefined before the scheduler's first decision. */
  readonly assignment: AssignmentRecord | undefined;
}

/** One topology in a list. Numbers count what is placed: all are 0 before the topology is scheduled. */
export interface TopologySummaryRow {
  readonly kind: 'topology';
  readonly id: string;
  readonly name: string;
  readonly status: TopologyStatus;
  /** The user that the topology runs as. */
  readonly owner: string;
  readonly uptimeSecs: number;
  readonly tasks: number;
  readonly executors: number;
  readonly workers: number;
  /** One line on whether everything that was asked for is placed. */
  readonly schedulingStatus: string;
  /** The version of the Storm client that submitted it. */
  readonly stormVersion: string | undefined;
}

/** A topology whose record cannot be read: only its name and the reason are known. */
export interface UnreadableRow {
  readonly kind: 'unreadable';
  readonly id: string;
  readonly name: string;
  /** What is wrong with the record and what to do about it. */
  readonly reason: string;
}

export type TopologyRow = TopologySummaryRow | UnreadableRow;

/** A node that offers slots. */
export interface SupervisorRow {
  readonly nodeId: string;
  readonly hostname: string;
  readonly uptimeSecs: number;
  readonly slots: number;
  readonly slotsUsed: number;
}

export interface ClusterOverview {
  readonly supervisors: readonly SupervisorRow[];
  readonly topologies: readonly TopologyRow[];
}

export function summarize({ record, assignment }: TopologyView, nowMs: number): TopologySummaryRow {
  const { id, name, status, owner, stormVersion } = record;
  const plan = assignment?.plan;
  return {
    kind: 'topology',
    ...{ id, name, status, owner, stormVersion },
    uptimeSecs: uptimeSecs(record, nowMs),
    tasks: plan?.tasks.length ?? 0,
    executors: plan === undefined ? 0 : executorsOfPlan(plan).length,
    workers: plan?.containers.length ?? 0,
    schedulingStatus: schedulingStatus(assignment),
  };
}

export function unreadableRow({ id, name, reason }: UnreadableTopology): UnreadableRow {
  return { kind: 'unreadable', id, name, reason };
}

export function supervisorRow(
  { nodeId, hostname, slotPorts, startedAtMs }: SupervisorRecord,
  views: readonly TopologyView[],
  nowMs: number,
): SupervisorRow {
  const containers = views.flatMap(({ assignment }) => assignment?.plan.containers ?? []);
  return {
    ...{ nodeId, hostname },
    uptimeSecs: Math.max(0, Math.floor((nowMs - startedAtMs) / 1000)),
    slots: slotPorts.length,
    slotsUsed: containers.filter((container) => container.nodeId === nodeId).length,
  };
}

export function uptimeSecs(record: TopologyRecord, nowMs: number): number {
  return Math.max(0, Math.floor(nowMs / 1000) - record.launchedAtSecs);
}

export function schedulingStatus(assignment: AssignmentRecord | undefined): string {
  if (assignment === undefined) return 'Not scheduled yet';
  return assignment.reason === '' ? 'Fully Scheduled' : assignment.reason;
}
