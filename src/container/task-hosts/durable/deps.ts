import type { DistributedLog } from '../../../dlog/index.ts';
import type { TaskHostDeps } from '../deps.ts';

/** What the hosts of a log's sinks and sources are made of. */
export interface LogHostDeps extends TaskHostDeps {
  /**
   * The log as this container sees it: one for all its hosts, so that a source sees at once what a sink
   * beside it commits.
   */
  readonly openLog: () => Promise<DistributedLog>;
}
