import type { SupervisorPage } from '../../queries/index.ts';
import type { SupervisorPageInfo } from '../../rpc/index.ts';
import { supervisorSummary } from './cluster-summary.ts';
import { workerSummary } from './worker-summary.ts';

/** Projects `getSupervisorPageInfo`. */
export function supervisorPageInfo({ supervisors, workers }: SupervisorPage): SupervisorPageInfo {
  return {
    supervisor_summaries: supervisors.map(supervisorSummary),
    worker_summaries: workers.map(workerSummary),
  };
}
