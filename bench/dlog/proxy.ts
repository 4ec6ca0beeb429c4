import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DlogClient } from '../../src/dlog-client/index.ts';
import { root } from '../system.ts';
import { streamName } from './embedded.ts';
import type { OpenSubject, Subject } from './subject.ts';

/** The log behind its service, in a gateway of its own, through the client library. */
export function viaProxy(durability: 'fsync' | 'os'): Subject {
  const level = durability === 'fsync' ? 'disk' : 'page cache';
  return { name: 'dlog, write proxy', level, open: (scratch, streams) => open(scratch, streams, durability) };
}

async function open(scratch: string, streams: number, durability: 'fsync' | 'os'): Promise<OpenSubject> {
  const settings = [`storm.local.dir=${join(scratch, 'state')}`, 'nimbus.thrift.port=0'];
  const gateway = spawn(join(root, 'bin', 'egret'), ['up', ...settings.flatMap((each) => ['-c', each])], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'], // it ends with the bench, however that ends
  });
  gateway.channel?.unref();
  const port = await new Promise<number>((resolve, reject) => {
    gateway.once('exit', (code) => reject(new Error(`the gateway ended with ${code} before it was ready`)));
    createInterface({ input: gateway.stdout! }).on('line', (line) => {
      const found = /^egret ready.*\bdlog=(?:\S*:)?(\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  const client = new DlogClient({ homes: [{ host: '127.0.0.1', port }] });
  for (let stream = 0; stream < streams; stream++) await client.create(streamName(stream), { durability });
  const writers = Array.from({ length: streams }, (_, stream) => client.writer(streamName(stream)));
  return {
    pids: [gateway.pid!],
    async append(stream, payload) {
      const outcome = await writers[stream]!.append(Buffer.from(payload));
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
      gateway.removeAllListeners('exit');
      gateway.kill('SIGTERM');
      await new Promise((resolve) => gateway.once('exit', resolve));
    },
  };
}
