import type { FlowRecord, QueueRecord } from '../../../records/index.ts';
import type { PeerQueue } from '../peers/peer-queue.ts';
import type { HostSlot } from '../route/host-slot.ts';
import type { PressureControl } from './pressure-control.ts';

/** Where tuples wait in a container, which of its tasks cause it, and which of its spouts are held back. */
export function flowRecord(parts: {
  readonly pressure: PressureControl;
  readonly queues: Iterable<PeerQueue>;
  readonly slots: Iterable<HostSlot>;
  readonly droppedTuples: Readonly<Record<string, number>>;
}): FlowRecord {
  const slots = [...parts.slots];
  const links = [...parts.queues].map((queue) => ({
    name: `link ${queue.containerId}`,
    bytes: queue.queuedBytes,
    tuples: queue.queuedTuples,
  }));
  const hostFull = slots.reduce((total, { host }) => total + (host?.queue?.droppedTuples ?? 0), 0);
  return {
    ...parts.pressure.records(),
    queues: [...links, ...slots.flatMap((slot) => queueOf(slot))],
    droppedTuples: { ...parts.droppedTuples, hostFull },
  };
}

function queueOf({ name, host, queue }: HostSlot): QueueRecord[] {
  if (host === undefined) return [{ name: `slot ${name}`, ...queue }];
  if (host.queue === undefined) return [];
  return [{ name, bytes: host.queue.bytes, tuples: host.queue.tuples }];
}
