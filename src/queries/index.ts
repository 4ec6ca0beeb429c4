/**
 * queries: what clients ask about the cluster, in the gateway's own terms: lists of topologies and
 * supervisors, the pages of a topology, a component and a supervisor, executors, workers, statistics and
 * errors. The room knows no wire format: the Thrift answers of nimbus are projections of these types, and any
 * other interface is one as well.
 *
 * Conventions: a name ends in its unit (Ms, Secs); counts are exact numbers of tuples; ids and
 * statistics windows ("600", "10800", "86400", ":all-time") are Storm's. What is not known yet is undefined
 * or, where a type says so, zero.
 *
 * Invariants: a query changes nothing; a record that cannot be read never spoils the answer about another;
 * secrets never leave unmasked.
 * Start at queries.ts, which reads and says how each query fails; all that is
 * shown is computed by pure functions beside it.
 */
export type { ComponentPage, ExecutorWindowRow, InputRow, OutputRow } from './component-page.ts';
export { completeStats, type ExecutorRow } from './executors.ts';
export {
  type ErrorChoice,
  Queries,
  type SupervisorPage,
  type TopologyDetail,
  type TopologyRef,
} from './queries.ts';
export { readAssignment } from './readers.ts';
export {
  isUnreadable,
  type NameClaim,
  StoredTopologies,
  type StoredTopology,
  type UnreadableTopology,
} from './stored-topologies.ts';
export type { ClusterOverview, SupervisorRow, TopologyRow, UnreadableRow } from './summaries.ts';
export type { ComponentRow, TopologyPage } from './topology-page.ts';
export { statsWindows, type WindowStats } from './window-stats.ts';
export type { WorkerRow } from './workers.ts';
