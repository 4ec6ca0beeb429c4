import { GatewayError, type JsonObject } from '../base/index.ts';
import { maskSecrets, readConfText, readConfValues, writeConfText } from '../config/index.ts';
import { type ErrorRecord, keys, type RecordStore, type TopologyRecord } from '../records/index.ts';
import type { LogicalTopology } from '../topology/index.ts';
import { type ComponentPage, componentPage } from './component-page.ts';
import { type ExecutorRow, executorRows } from './executors.ts';
import type { PageOptions, PageSource } from './page-source.ts';
import { readAssignment, readContainers, readErrors, readHeartbeats, readSupervisors } from './readers.ts';
import { isUnreadable, StoredTopologies, type StoredTopology } from './stored-topologies.ts';
import {
  type ClusterOverview,
  type SupervisorRow,
  summarize,
  supervisorRow,
  type TopologyRow,
  type TopologySummaryRow,
  type TopologyView,
  type UnreadableRow,
  unreadableRow,
} from './summaries.ts';
import { type TopologyPage, topologyPage } from './topology-page.ts';
import { type WorkerRow, workerRows } from './workers.ts';

export interface QueriesDeps {
  readonly store: RecordStore;
  readonly nowMs: () => number;
  readonly code: CodeReader;
}

/** What queries read of a code directory. Undefined: there is no such directory. */
export interface CodeReader {
  readSystemTopology(topologyId: string): Promise<LogicalTopology | undefined>;
  /** The text of `conf.json`: the topology's configuration over the cluster's. */
  readMergedConf(topologyId: string): Promise<string | undefined>;
}

export type TopologyRef = { readonly id: string } | { readonly name: string };

/** A topology with all its executors and the errors of its components. */
export interface TopologyDetail extends TopologySummaryRow {
  readonly executorRows: readonly ExecutorRow[];
  /** By component id, newest first. Every component of the topology has an entry, also an empty one. */
  readonly errors: ReadonlyMap<string, readonly ErrorRecord[]>;
}

export interface SupervisorPage {
  readonly supervisors: readonly SupervisorRow[];
  /** The workers on those supervisors. */
  readonly workers: readonly WorkerRow[];
}

/** How many errors of each component an answer carries. */
export type ErrorChoice = 'all' | 'newest' | 'none';

/**
 * Answers what clients ask about the cluster: reads records, statistics and code directories, and leaves the
 * rest to pure functions of what was read and the time. Changes nothing.
 *
 * Every query rejects with `STATE_UNAVAILABLE` when the state store cannot be reached. A query about one
 * topology rejects with `TOPOLOGY_NOT_ALIVE` when there is none, with `RECORD_UNREADABLE` when its record is
 * damaged (unless the answer has a form for that), and with `CONFIG_UNREADABLE` or `FILE_UNFIT` when its code
 * directory is damaged.
 */
export class Queries {
  readonly #deps: QueriesDeps;
  readonly #topologies: StoredTopologies;

  constructor(deps: QueriesDeps) {
    this.#deps = deps;
    this.#topologies = new StoredTopologies(deps.store);
  }

  async cluster(): Promise<ClusterOverview> {
    const [{ views, rows }, supervisors] = await Promise.all([
      this.#rows(),
      readSupervisors(this.#deps.store),
    ]);
    const nowMs = this.#deps.nowMs();
    return { supervisors: supervisors.map((each) => supervisorRow(each, views, nowMs)), topologies: rows };
  }

  /** A row for every topology, those with unreadable records last. */
  async topologies(): Promise<readonly TopologyRow[]> {
    return (await this.#rows()).rows;
  }

  async topology(ref: TopologyRef): Promise<TopologyRow> {
    const found = await this.#find(ref);
    if (isUnreadable(found)) return unreadableRow(found);
    return summarize(await this.#view(found), this.#deps.nowMs());
  }

  async topologyDetail(
    ref: TopologyRef,
    options: { readonly errors: ErrorChoice },
  ): Promise<TopologyDetail | UnreadableRow> {
    const found = await this.#find(ref);
    if (isUnreadable(found)) return unreadableRow(found);
    const { record } = found;
    const system = await this.#systemOf(record);
    const [view, heartbeats, errors] = await Promise.all([
      this.#view(found),
      readHeartbeats(this.#deps.store, record.id),
      this.#errorsOf(record, system, options.errors),
    ]);
    return {
      ...summarize(view, this.#deps.nowMs()),
      executorRows: executorRows(view.assignment, heartbeats, system),
      errors,
    };
  }

  /**
   * `withRecovery` adds percentiles of latencies and counts of restarts to the components (see
   * ComponentRecovery); a few more records are read for it.
   */
  async topologyPage(
    topologyId: string,
    options: PageOptions & { readonly withRecovery: boolean },
  ): Promise<TopologyPage> {
    const { store } = this.#deps;
    const { record } = await this.#topologies.byId(topologyId);
    const source = await this.#source(record);
    const lastErrors = await this.#lastErrors(record, source.system);
    const containers = options.withRecovery ? await readContainers(store, record.id) : undefined;
    return topologyPage({ ...source, lastErrors, containers }, options);
  }

  /** A component that the topology does not have gets an empty page. */
  async componentPage(topologyId: string, componentId: string, options: PageOptions): Promise<ComponentPage> {
    const { record } = await this.#topologies.byId(topologyId);
    const source = await this.#source(record);
    const errors = await readErrors(this.#deps.store, record.id, componentId);
    return componentPage({ ...source, componentId, errors }, options);
  }

  /** By node, or all nodes of a host. Rejects with `TOPOLOGY_NOT_ALIVE` when there is no such supervisor. */
  async supervisorPage(
    wanted: { readonly nodeId: string } | { readonly hostname: string },
    { includeSystem }: { readonly includeSystem: boolean },
  ): Promise<SupervisorPage> {
    const { store, nowMs } = this.#deps;
    const [found, stored] = await Promise.all([readSupervisors(store), this.#topologies.list()]);
    const supervisors = found.filter(({ nodeId, hostname }) =>
      'nodeId' in wanted ? nodeId === wanted.nodeId : hostname === wanted.hostname,
    );
    if (supervisors.length === 0) {
      const who = 'nodeId' in wanted ? wanted.nodeId : `on host ${wanted.hostname}`;
      throw new GatewayError('TOPOLOGY_NOT_ALIVE', `supervisor ${who} is not alive`, {
        facts: { ...wanted },
      });
    }
    const placed = await Promise.all(
      stored.map(async (each) => {
        const view = await this.#view(each);
        const heartbeats = view.assignment === undefined ? [] : await readHeartbeats(store, view.record.id);
        return { view, heartbeats };
      }),
    );
    const views = placed.map(({ view }) => view);
    return {
      supervisors: supervisors.map((each) => supervisorRow(each, views, nowMs())),
      workers: supervisors.flatMap(({ nodeId }) =>
        placed.flatMap(({ view, heartbeats }) => workerRows(view, heartbeats, { includeSystem, nodeId })),
      ),
    };
  }

  #find(ref: TopologyRef): ReturnType<StoredTopologies['findById']> {
    return 'id' in ref ? this.#topologies.findById(ref.id) : this.#topologies.findByName(ref.name);
  }

  async #view({ record }: StoredTopology): Promise<TopologyView> {
    return { record, assignment: await readAssignment(this.#deps.store, record.id) };
  }

  async #rows(): Promise<{ readonly views: readonly TopologyView[]; readonly rows: readonly TopologyRow[] }> {
    const { stored, unreadable } = await this.#topologies.listAll();
    const views = await Promise.all(stored.map((each) => this.#view(each)));
    const nowMs = this.#deps.nowMs();
    return {
      views,
      rows: [...views.map((view) => summarize(view, nowMs)), ...unreadable.map(unreadableRow)],
    };
  }

  async #systemOf({ id }: TopologyRecord): Promise<LogicalTopology> {
    return (await this.#deps.code.readSystemTopology(id)) ?? codeMissing(id);
  }

  async #source(record: TopologyRecord): Promise<PageSource & { readonly confText: string }> {
    const { store, code, nowMs } = this.#deps;
    const [assignment, heartbeats, system, text] = await Promise.all([
      readAssignment(store, record.id),
      readHeartbeats(store, record.id),
      this.#systemOf(record),
      code.readMergedConf(record.id),
    ]);
    const confOf = await readConfText(text ?? codeMissing(record.id), `conf.json of ${record.id}`);
    const conf: JsonObject = readConfValues(confOf);
    const confText = writeConfText(maskSecrets(confOf), 'strict');
    return { record, assignment, heartbeats, system, conf, confText, nowMs: nowMs() };
  }

  async #errorsOf(
    { id }: TopologyRecord,
    { components }: LogicalTopology,
    choice: ErrorChoice,
  ): Promise<ReadonlyMap<string, readonly ErrorRecord[]>> {
    const byComponent = new Map<string, ErrorRecord[]>(components.map((component) => [component.id, []]));
    if (choice === 'none') return byComponent;
    for (const componentId of await this.#deps.store.listIds(keys.errorsOf(id))) {
      const newestFirst = await readErrors(this.#deps.store, id, componentId);
      byComponent.set(componentId, choice === 'newest' ? newestFirst.slice(0, 1) : newestFirst);
    }
    return byComponent;
  }

  async #lastErrors(
    record: TopologyRecord,
    { components }: LogicalTopology,
  ): Promise<ReadonlyMap<string, ErrorRecord>> {
    const found = await Promise.all(
      components.map(async ({ id }) => [id, (await readErrors(this.#deps.store, record.id, id))[0]] as const),
    );
    return new Map(found.flatMap(([id, error]) => (error === undefined ? [] : [[id, error] as const])));
  }
}

/** The topology went away after its record was read. */
function codeMissing(topologyId: string): never {
  throw new GatewayError('TOPOLOGY_NOT_ALIVE', `${topologyId} is not alive`, {
    facts: { topology: topologyId },
  });
}
