import { keys } from '../../records/index.ts';
import { StreamManagers } from '../../testing/stream-managers.ts';

describe('TopologyMaster', () => {
  it('registers a container whose record is damaged', async () => {
    const cluster = new StreamManagers({ tasks: { 1: [1] } });
    try {
      await cluster.store.put(keys.container('test-1', 1).path, { incarnation: ['damaged'] });
      await cluster.startMaster();
      await cluster.start(1);
      await cluster.complete();
    } finally {
      await cluster[Symbol.asyncDispose]();
    }
  });
});
