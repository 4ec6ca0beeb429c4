import { parentPort } from 'node:worker_threads';
import { type AssignRequest, assignTopology } from './assign.ts';

/**
 * The thread that packs: see WorkerPacker, which posts requests one at a time and ends the thread when one
 * takes too long.
 */
const port = parentPort!;
port.on('message', (request: AssignRequest) => {
  void assignTopology(request).then((assignment) => port.postMessage({ kind: 'assigned', assignment }));
});
port.postMessage({ kind: 'ready' });
