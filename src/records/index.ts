/**
 * records: what the gateway and the containers keep in the state store and in files for each other. Every
 * record has a key, a type that names its writer, and a reader that checks what another process, a person or
 * another version may have changed. {@link RecordStore} is the state store with these keys: what is read is
 * checked, what is written is typed.
 *
 * Invariants: a damaged record is a value (`unreadable`, with the reason) and never an exception; a reader
 * checks every member that the code relies on, and ignores members that a later version may have added. Start
 * at keys.ts, then record-store.ts.
 */
export * from './container-spec.ts';
export type {
  CountsByWindow,
  ErrorRecord,
  ExecutorStatsRecord,
  FlowRecord,
  HeartbeatRecord,
  InputCountsByWindow,
  QueueRecord,
  TaskDurationRecord,
} from './heartbeat-record.ts';
export { type Reading, type RecordKey, readable, recordOf } from './key.ts';
export { errorsKeptMax, keys } from './keys.ts';
export { RecordFollower, type Sight } from './record-follower.ts';
export { RecordGuard } from './record-guard.ts';
export {
  isTopologyId,
  readAssignmentRecord,
  readLogicalTopology,
  readPackingPlan,
  readPhysicalPlan,
  readStreamManagerAddress,
  readTopologyRecord,
} from './record-readers.ts';
export { RecordStore, type RecordWrites } from './record-store.ts';
export type {
  AssignmentRecord,
  ContainerRecord,
  LeavingContainer,
  MarkerRecord,
  MasterRecord,
  PendingRebalance,
  SupervisorRecord,
  TopologyRecord,
  UnreadableRecord,
} from './records.ts';
