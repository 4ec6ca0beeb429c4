import { GatewayError } from '../base/index.ts';
import { type ConfText, maskSecrets, readConfText, readConfValues, writeConfText } from '../config/index.ts';
import type { RecordStore, TopologyRecord } from '../records/index.ts';
import type { ErrorInfo, Handler, NimbusMethods, SupervisorPageInfo } from '../rpc/index.ts';
import type { LogicalTopology } from '../topology/index.ts';
import { componentPage } from './component-page.ts';
import { type PageChoice, type PageSource, workerSummaries } from './page-rows.ts';
import { readSupervisors, readViews, supervisorSummary } from './summaries.ts';
import type { Topologies } from './topologies.ts';
import { readAssignment, readContainers, readErrorsOf, readHeartbeats } from './topology-info.ts';
import { topologyPage } from './topology-page.ts';

export interface PageDeps {
  readonly store: RecordStore;
  readonly topologies: Topologies;
  readonly nowMs: () => number;
  readonly readSystem: (record: TopologyRecord) => Promise<LogicalTopology>;
  /** The text of `conf.json`: the topology's configuration with the cluster's under it. */
  readonly readMergedConf: (record: TopologyRecord) => Promise<string>;
}

/** The answers that Storm's UI shows as pages: topologies, components and supervisors with their statistics added up. */
export function pageMethods(deps: PageDeps) {
  const { store, topologies } = deps;
  return {
    getTopologyPageInfo: async ({ id, window, is_include_sys }) => {
      const { record } = await topologies.byId(id);
      const choice = choiceOf(window, is_include_sys);
      const { confText, source } = await readSource(deps, record);
      const lastErrors = await readLastErrors(store, record.id, source.system);
      const containers = choice.withAdditions === true ? await readContainers(store, record.id) : new Map();
      return topologyPage({ ...source, confText, lastErrors, containers }, choice);
    },
    getComponentPageInfo: async ({ topology_id, component_id, window, is_include_sys }) => {
      const { record } = await topologies.byId(topology_id);
      const componentId = decodeId(component_id);
      const { source } = await readSource(deps, record);
      const errors = await readErrorsOf(store, record.id, componentId);
      return componentPage({ ...source, componentId, errors }, choiceOf(window, is_include_sys));
    },
    getSupervisorPageInfo: ({ id, host, is_include_sys }) =>
      supervisorPage(deps, { id, host, includeSystem: is_include_sys }),
  } satisfies Handler<NimbusMethods>;
}

/** Without a window there is nothing in it, as in Storm. */
function choiceOf(wanted: string | undefined, includeSystem: boolean): PageChoice {
  const [window = '', addition] = (wanted ?? '').split('+', 2);
  return { window, includeSystem, withAdditions: addition === 'additions' };
}

/** Storm's UI sends component ids as they stand in its addresses (URLDecoder 2.8: a plus sign is a blank). */
function decodeId(id: string): string {
  try {
    return decodeURIComponent(id.replaceAll('+', ' '));
  } catch {
    return id;
  }
}

async function readSource(
  deps: PageDeps,
  record: TopologyRecord,
): Promise<{ readonly source: PageSource; readonly confText: string }> {
  const [assignment, heartbeats, system, confText] = await Promise.all([
    readAssignment(deps.store, record.id),
    readHeartbeats(deps.store, record.id),
    deps.readSystem(record),
    deps.readMergedConf(record),
  ]);
  const text: ConfText = await readConfText(confText, `conf.json of ${record.id}`);
  const conf = readConfValues(text);
  const shown = writeConfText(maskSecrets(text), 'strict');
  return { confText: shown, source: { record, assignment, heartbeats, system, conf, nowMs: deps.nowMs() } };
}

async function readLastErrors(
  store: RecordStore,
  topologyId: string,
  system: LogicalTopology,
): Promise<ReadonlyMap<string, ErrorInfo>> {
  const found = await Promise.all(
    system.components.map(async ({ id }) => [id, (await readErrorsOf(store, topologyId, id))[0]] as const),
  );
  return new Map(found.flatMap(([id, error]) => (error === undefined ? [] : [[id, error]])));
}

/** Storm answers an unknown supervisor with an internal error; here it is told what is wrong. */
async function supervisorPage(
  { store, topologies, nowMs }: PageDeps,
  wanted: {
    readonly id?: string | undefined;
    readonly host?: string | undefined;
    readonly includeSystem: boolean;
  },
): Promise<SupervisorPageInfo> {
  const [found, views] = await Promise.all([readSupervisors(store), readViews(store, topologies)]);
  const supervisors = found.filter(({ nodeId, hostname }) =>
    wanted.id === undefined ? hostname === wanted.host : nodeId === wanted.id,
  );
  if (supervisors.length === 0) {
    const who = wanted.id === undefined ? `on host ${wanted.host ?? ''}` : wanted.id;
    throw new GatewayError('TOPOLOGY_NOT_ALIVE', `supervisor ${who} is not alive`, { facts: { ...wanted } });
  }
  const { includeSystem } = wanted;
  const workers = await Promise.all(
    supervisors.flatMap(({ nodeId }) =>
      views.map(async ({ record, assignment }) => {
        const heartbeats = assignment === undefined ? [] : await readHeartbeats(store, record.id);
        return workerSummaries({ record, assignment, heartbeats }, { includeSystem, nodeId });
      }),
    ),
  );
  return {
    supervisor_summaries: supervisors.map((each) => supervisorSummary(each, views, nowMs())),
    worker_summaries: workers.flat(),
  };
}
