import { openLog, systemClock, systemRandom } from '../../src/base/index.ts';
import { openDlog, openDlogService } from '../../src/bin/up-dlog.ts';
import { openRedisStore } from '../../src/coordination/index.ts';
import type { StorageSettings } from '../../src/dlog/index.ts';
import { logWithHeldWrites } from './held-writes.ts';

/**
 * One process that owns streams: it serves the log over a storage and a Redis that it shares with other
 * owners. It prints its port once it listens. It ends on SIGTERM, or when the process that started it is
 * gone. Exit code 3 means that it found no Redis.
 */
export interface OwnerSpec {
  readonly redisSocket: string;
  readonly storage: StorageSettings;
  /** How long each write to a file waits before it is done; 0 for none. For storage of kind `local`. */
  readonly writesHeldMs: number;
  readonly logFile: string;
}

const drainMs = 5000;

async function main(spec: OwnerSpec): Promise<void> {
  const log = openLog({ level: 'info', destination: spec.logFile });
  const edges = { clock: systemClock, random: systemRandom, log };
  const store = await openRedisStore({ url: spec.redisSocket, keyPrefix: 'chaos:', ...edges }).catch(
    (error: unknown) => {
      log.warn({ event: 'owner.no-redis', reason: String(error) });
      process.exit(3);
    },
  );
  const { log: dlog, close } =
    spec.writesHeldMs > 0
      ? { log: logWithHeldWrites({ ...edges, store }, spec), close: () => Promise.resolve() }
      : await openDlog({ ...edges, store }, spec.storage, new AbortController().signal);
  const host = '127.0.0.1';
  const service = await openDlogService(
    { ...edges, store },
    { dlog, bindHost: host, dialHost: host, port: 0 },
  );
  const end = async (): Promise<void> => {
    await service.end(drainMs);
    await close();
    await store.close();
    process.exit(0);
  };
  process.once('SIGTERM', () => void end());
  process.stdin.on('end', () => process.exit(4)).resume();
  process.stdout.write(`${service.port}\n`);
}

await main(JSON.parse(process.argv[2]!) as OwnerSpec);
