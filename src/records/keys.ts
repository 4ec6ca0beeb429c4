import type { PhysicalPlan } from '../topology/index.ts';
import type { ErrorRecord, HeartbeatRecord } from './heartbeat-record.ts';
import type { LeaseKey, ListGroup, ListKey, RecordGroup, RecordKey } from './key.ts';
import {
  readAssignmentRecord,
  readContainerRecord,
  readErrorRecord,
  readHeartbeatRecord,
  readMarkerRecord,
  readMasterRecord,
  readNothing,
  readPhysicalPlan,
  readSupervisorRecord,
  readTopologyId,
  readTopologyRecord,
  readUnreadableRecord,
} from './record-readers.ts';
import type {
  AssignmentRecord,
  ContainerRecord,
  MarkerRecord,
  MasterRecord,
  SupervisorRecord,
  TopologyRecord,
  UnreadableRecord,
} from './records.ts';

/** Where the control plane keeps what in the state store. Each record's type says who writes it. */
export const keys = {
  marker: { path: 'marker', check: readMarkerRecord } satisfies RecordKey<MarkerRecord>,
  topology: (topologyId: string): RecordKey<TopologyRecord> => ({
    path: `topologies/${topologyId}`,
    check: (value) => readTopologyRecord(topologyId, value),
  }),
  topologies: { prefix: 'topologies/', check: readTopologyRecord } satisfies RecordGroup<TopologyRecord>,
  /** In place of the topology's record. */
  unreadableTopology: (topologyId: string): RecordKey<UnreadableRecord> => ({
    path: `topologies/${topologyId}`,
    check: readUnreadableRecord,
  }),
  /** The id of the topology that has claimed the name. Creating this record claims it. */
  name: (name: string): RecordKey<string> => ({ path: `names/${name}`, check: readTopologyId }),
  names: { prefix: 'names/', check: (_name, value) => readTopologyId(value) } satisfies RecordGroup<string>,
  assignment: (topologyId: string): RecordKey<AssignmentRecord> => ({
    path: `assignments/${topologyId}`,
    check: (value) => readAssignmentRecord(topologyId, value),
  }),
  assignments: {
    prefix: 'assignments/',
    check: readAssignmentRecord,
  } satisfies RecordGroup<AssignmentRecord>,
  /** The lease of the topology master, which container 0 holds. */
  master: (topologyId: string): LeaseKey<MasterRecord> => ({
    path: `masters/${topologyId}`,
    check: readMasterRecord,
  }),
  /** The lease of the gateway that schedules. Nothing is published with it. */
  leader: { path: 'leases/nimbus', check: readNothing } satisfies LeaseKey<null>,
  /** One for each node that offers slots. */
  supervisor: (nodeId: string): RecordKey<SupervisorRecord> => ({
    path: `supervisors/${nodeId}`,
    check: readSupervisorRecord,
  }),
  supervisors: {
    prefix: 'supervisors/',
    check: (_nodeId, value) => readSupervisorRecord(value),
  } satisfies RecordGroup<SupervisorRecord>,
  /** Written by the topology master for those that only look. */
  physicalPlan: (topologyId: string): RecordKey<PhysicalPlan> => ({
    path: `plans/${topologyId}`,
    check: (value) => readPhysicalPlan(topologyId, value),
  }),
  container: (topologyId: string, containerId: number): RecordKey<ContainerRecord> => ({
    path: `containers/${topologyId}/${containerId}`,
    check: readContainerRecord,
  }),
  /** By container id. */
  containers: (topologyId: string): RecordGroup<ContainerRecord> => ({
    prefix: `containers/${topologyId}/`,
    check: (_containerId, value) => readContainerRecord(value),
  }),
  /** By topology id and container id, with a slash between them. */
  allContainers: {
    prefix: 'containers/',
    check: (_name, value) => readContainerRecord(value),
  } satisfies RecordGroup<ContainerRecord>,
  /** Expires unless the container writes it again. */
  heartbeat: (topologyId: string, containerId: number): RecordKey<HeartbeatRecord> => ({
    path: `heartbeats/${topologyId}/${containerId}`,
    check: readHeartbeatRecord,
  }),
  /** By container id. */
  heartbeats: (topologyId: string): RecordGroup<HeartbeatRecord> => ({
    prefix: `heartbeats/${topologyId}/`,
    check: (_containerId, value) => readHeartbeatRecord(value),
  }),
  /** The newest {@link errorsKeptMax} errors of a component, the newest last. */
  errors: (topologyId: string, componentId: string): ListKey<ErrorRecord> => ({
    path: `errors/${topologyId}/${componentId}`,
    check: readErrorRecord,
  }),
  /** By component id. */
  errorsOf: (topologyId: string): ListGroup => ({ prefix: `errors/${topologyId}/` }),
} as const;

/** Storm keeps the last 10 errors of a component (StormClusterStateImpl 2.8). */
export const errorsKeptMax = 10;
