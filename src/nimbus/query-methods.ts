import type { Clock } from '../base/index.ts';
import type { Queries, TopologyRef } from '../queries/index.ts';
import type { Call, Handler, NimbusMethods, NimbusSummary, NumErrorsChoice } from '../rpc/index.ts';
import { clusterSummary } from './answers/cluster-summary.ts';
import { componentPageInfo } from './answers/component-page.ts';
import { supervisorPageInfo } from './answers/supervisor-page.ts';
import { errorChoice, topologyInfo } from './answers/topology-info.ts';
import { topologyPageInfo } from './answers/topology-page.ts';
import { topologySummary } from './answers/topology-summary.ts';

export interface QueryMethodsDeps {
  readonly clock: Clock;
  readonly queries: Queries;
  readonly leader: (call: Call) => NimbusSummary;
}

/** The methods that only read: each asks a query and projects its answer into Thrift's terms. */
export function queryMethods(deps: QueryMethodsDeps) {
  return { ...summaryMethods(deps), ...pageMethods(deps) } satisfies Handler<NimbusMethods>;
}

function summaryMethods({ clock, queries, leader }: QueryMethodsDeps) {
  const info = async (ref: TopologyRef, choice?: NumErrorsChoice) =>
    topologyInfo(await queries.topologyDetail(ref, { errors: errorChoice(choice) }), clock.nowMs());
  return {
    getClusterInfo: async (_args: object, call: Call) =>
      clusterSummary(await queries.cluster(), leader(call)),
    getTopologySummaries: async () => (await queries.topologies()).map(topologySummary),
    getTopologySummary: async ({ id }) => topologySummary(await queries.topology({ id })),
    getTopologySummaryByName: async ({ name }) => topologySummary(await queries.topology({ name })),
    getTopologyInfo: ({ id }) => info({ id }),
    getTopologyInfoByName: ({ name }) => info({ name }),
    getTopologyInfoWithOpts: ({ id, options }) => info({ id }, options.num_err_choice),
    getTopologyInfoByNameWithOpts: ({ name, options }) => info({ name }, options.num_err_choice),
  } satisfies Handler<NimbusMethods>;
}

function pageMethods({ queries }: QueryMethodsDeps) {
  return {
    getTopologyPageInfo: async ({ id, window, is_include_sys }) =>
      topologyPageInfo(await queries.topologyPage(id, pageOptions(window, is_include_sys))),
    getComponentPageInfo: async ({ topology_id, component_id, window, is_include_sys }) => {
      const options = pageOptions(window, is_include_sys);
      return componentPageInfo(await queries.componentPage(topology_id, decodeId(component_id), options));
    },
    getSupervisorPageInfo: async ({ id, host, is_include_sys }) => {
      const wanted = id === undefined ? { hostname: host ?? '' } : { nodeId: id };
      return supervisorPageInfo(await queries.supervisorPage(wanted, { includeSystem: is_include_sys }));
    },
  } satisfies Handler<NimbusMethods>;
}

/**
 * Reads the window of a page. Without one, every sum is 0, as in Storm. A window like "600+additions", which
 * no client of Storm's sends, asks for latencies and restarts as well.
 */
function pageOptions(wanted: string | undefined, includeSystem: boolean) {
  const [window = '', addition] = (wanted ?? '').split('+', 2);
  return { window, includeSystem, withRecovery: addition === 'additions' };
}

/** Storm's UI sends component ids as they stand in its addresses (URLDecoder 2.8: a plus sign is a blank). */
function decodeId(id: string): string {
  try {
    return decodeURIComponent(id.replaceAll('+', ' '));
  } catch {
    return id;
  }
}
