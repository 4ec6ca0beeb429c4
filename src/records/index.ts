/**
 * records: what the gateway and the containers keep in the state store and in files for each other. Every record has a
 * key, a type that names its writer, and a reader that checks what another process, a person or another version may
 * have changed. Start at records.ts.
 */
export {
  isTopologyId,
  type Reading,
  readAssignmentRecord,
  readContainerRecord,
  readErrorRecord,
  readHeartbeatRecord,
  readLogicalTopology,
  readMarkerRecord,
  readPackingPlan,
  readSupervisorRecord,
  readTopologyRecord,
} from './record-readers.ts';
export * from './records.ts';
