import { computeExecutors } from '../topology/index.ts';
import { decideHosts, hostPreferences } from './hosts.ts';
import {
  noFreeSlot,
  type PackingRequest,
  type PackingResult,
  readWorkers,
  shortageOf,
  tasksOf,
} from './request.ts';
import { sortSlots } from './slots.ts';

/**
 * Deals the executors of a topology, by ascending first task, to its containers in turn, as Storm's
 * EvenScheduler does. There are `topology.workers` containers, or fewer when there are fewer slots or
 * executors. Throws `TOPOLOGY_INVALID` when `topology.workers` is not a positive integer.
 */
export function packRoundRobin(request: PackingRequest, version = 1): PackingResult {
  const { topologyId, systemTopology, conf, codeVersion = 0 } = request;
  const workers = readWorkers(conf);
  const executors = computeExecutors(systemTopology, request.executors);
  const wanted = Math.min(workers, executors.length);
  const slots = sortSlots(request.freeSlots).slice(0, wanted);
  if (slots.length === 0 && executors.length > 0) return noFreeSlot(topologyId, workers);
  const containers = slots.map((slot, index) => ({
    containerId: index + 1,
    slotPort: slot.port,
    nodeId: slot.nodeId,
    hostname: slot.hostname,
  }));
  const dealt = executors.flatMap((executor, index) => tasksOf(executor, (index % containers.length) + 1));
  const tasks = decideHosts(hostPreferences(systemTopology), dealt);
  return {
    kind: 'packed',
    packing: { topologyId, version, codeVersion, containers, tasks },
    shortage: shortageOf(topologyId, workers, { wanted, found: slots.length, verb: 'free' }),
  };
}
