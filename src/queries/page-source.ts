import type { JsonObject } from '../base/index.ts';
import type { HeartbeatRecord } from '../records/index.ts';
import type { LogicalTopology } from '../topology/index.ts';
import type { TopologyView } from './summaries.ts';

/** Everything that a page of one topology is made from. */
export interface PageSource extends TopologyView {
  readonly system: LogicalTopology;
  readonly heartbeats: readonly HeartbeatRecord[];
  /** The topology's configuration over the cluster's. */
  readonly conf: JsonObject;
  readonly nowMs: number;
}

/** Which part of the statistics a page shows. */
export interface PageOptions {
  /** A key of {@link statsWindows}. Any other window is empty. */
  readonly window: string;
  /** Also components and streams of the system. */
  readonly includeSystem: boolean;
}
