import {
  type AssignmentRecord,
  type ContainerRecord,
  type ErrorRecord,
  type HeartbeatRecord,
  keys,
  type RecordStore,
  readable,
  type SupervisorRecord,
} from '../records/index.ts';

/** An unreadable assignment places nothing and says why; the scheduler replaces it at its next start. */
export async function readAssignment(store: RecordStore, id: string): Promise<AssignmentRecord | undefined> {
  const found = await store.read(keys.assignment(id));
  if (found === undefined) return undefined;
  if (found.kind === 'read') return found.record;
  return {
    plan: { topologyId: id, version: 0, codeVersion: 0, containers: [], tasks: [] },
    reason: `the record ${keys.assignment(id).path} cannot be read: ${found.reason}`,
  };
}

/** A damaged heartbeat is left out: the next one of its container replaces it. */
export async function readHeartbeats(store: RecordStore, id: string): Promise<HeartbeatRecord[]> {
  return readable(await store.list(keys.heartbeats(id)));
}

/** What the scheduler has written about the container processes, by container id. */
export async function readContainers(
  store: RecordStore,
  id: string,
): Promise<ReadonlyMap<number, ContainerRecord>> {
  const found = await store.list(keys.containers(id));
  return new Map(
    found.flatMap((each) => (each.kind === 'read' ? [[Number(each.id), each.record] as const] : [])),
  );
}

/** A damaged supervisor record is left out: its gateway writes another when it starts. */
export async function readSupervisors(store: RecordStore): Promise<SupervisorRecord[]> {
  return readable(await store.list(keys.supervisors));
}

/** The errors of one component that are kept, newest first. */
export async function readErrors(
  store: RecordStore,
  id: string,
  componentId: string,
): Promise<ErrorRecord[]> {
  return readable(await store.readAll(keys.errors(id, componentId))).reverse();
}
