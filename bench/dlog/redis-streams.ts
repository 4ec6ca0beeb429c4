import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { OpenSubject, Subject } from './subject.ts';

/**
 * Redis Streams: XADD over one connection that pipelines all records in flight, XREAD BLOCK for each reader.
 */
export function redisStreams(appendfsync: 'always' | 'everysec'): Subject {
  const level = appendfsync === 'always' ? 'disk' : 'page cache';
  return { name: `Redis Streams, ${appendfsync}`, level, open: (scratch) => open(scratch, appendfsync) };
}

async function open(scratch: string, appendfsync: string): Promise<OpenSubject> {
  const dir = join(scratch, 'streams');
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'redis.sock');
  const settings = { dir, port: '0', unixsocket: path, appendonly: 'yes', appendfsync, save: '' };
  const server = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
    {
      stdio: 'ignore',
    },
  );
  const exited = new Promise((resolve) => server.once('exit', resolve));
  const writer = connect(path);
  await writer.ping();
  return {
    pids: [server.pid!],
    append: (stream, payload) => writer.xadd(`stream-${stream}`, '*', 'p', payload),
    tail(stream, onRecord) {
      const reader = connect(path);
      const key = `stream-${stream}`;
      let isEnding = false;
      const run = async (): Promise<void> => {
        let from = '$';
        while (!isEnding) {
          const found = await reader.xreadBuffer('COUNT', 1000, 'BLOCK', 500, 'STREAMS', key, from);
          for (const [id, fields] of entriesOf(found)) {
            from = id.toString();
            onRecord(fields[1]!);
          }
        }
      };
      const running = run().catch(() => undefined);
      return Promise.resolve({
        async [Symbol.asyncDispose]() {
          isEnding = true;
          await running;
          reader.disconnect();
        },
      });
    },
    async close() {
      writer.disconnect();
      server.kill('SIGKILL');
      await exited;
    },
  };
}

function connect(path: string): Redis {
  const redis = new Redis({ path, retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  return redis;
}

function entriesOf(found: unknown): readonly [Buffer, readonly Buffer[]][] {
  return (found as readonly [Buffer, readonly [Buffer, readonly Buffer[]][]][] | null)?.[0]?.[1] ?? [];
}
