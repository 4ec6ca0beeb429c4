import { DlogClient } from '../../src/dlog-client/index.ts';
import { startEgret } from '../system.ts';
import { streamName } from './embedded.ts';
import type { OpenSubject, Subject } from './subject.ts';

/** The log behind its service, in a gateway of its own, through the client library. */
export function viaProxy(durability: 'fsync' | 'os'): Subject {
  const level = durability === 'fsync' ? 'disk' : 'page cache';
  return { name: 'dlog, write proxy', level, open: (scratch, streams) => open(scratch, streams, durability) };
}

async function open(scratch: string, streams: number, durability: 'fsync' | 'os'): Promise<OpenSubject> {
  const gateway = await startEgret(scratch);
  const client = new DlogClient({ homes: [{ host: '127.0.0.1', port: gateway.dlogPort }] });
  for (let stream = 0; stream < streams; stream++) await client.create(streamName(stream), { durability });
  const writers = Array.from({ length: streams }, (_, stream) => client.writer(streamName(stream)));
  return {
    pids: gateway.roots,
    async append(stream, payload) {
      const outcome = await writers[stream]!.append(payload);
      if (outcome.kind !== 'committed') throw outcome.error;
    },
    tail(stream, onRecord) {
      const ending = new AbortController();
      const run = async (): Promise<void> => {
        for await (const event of client.tail(streamName(stream), { from: 'latest', signal: ending.signal }))
          if (event.kind === 'records') for (const { payload } of event.records) onRecord(payload);
      };
      const running = run().catch((error: unknown) => {
        if (!ending.signal.aborted) throw error;
      });
      return Promise.resolve({
        async [Symbol.asyncDispose]() {
          ending.abort();
          await running;
        },
      });
    },
    async close() {
      for (const writer of writers) await writer.close();
      await gateway.stop();
    },
  };
}
