import { type Clock, describeError, type Logger, type RandomSource } from '../../base/index.ts';
import { LocalStorage } from './local-storage.ts';
import type { LogStorage } from './storage.ts';

export type StorageSettings =
  /** The directory that contains the namespaces; created if missing. */
  | { readonly kind: 'local'; readonly directory: string }
  | {
      readonly kind: 'kafka';
      /** `host:port,host:port`. */
      readonly bootstrapServers: string;
      /** The prefix of the topics of streams. */
      readonly topicPrefix: string;
      /** The replication factor of new topics. Above 1, an acknowledged record is on several machines. */
      readonly replicationFactor: number;
      /** Whether new topics sync the disk at each append. */
      readonly isFlushed: boolean;
    };

export interface OpenedStorage {
  readonly storage: LogStorage;
  /** Closes the connections. Calls in flight fail with an error that says so. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the configured storage. For Kafka it rejects with `STORAGE_UNAVAILABLE` when no broker answers within
 * ten seconds, and with `STORAGE_UNFIT` when the Kafka client is not built. Both messages are sentences for
 * the operator of the gateway. An abort is checked between the steps.
 */
export async function openStorage(
  settings: StorageSettings,
  deps: {
    readonly clock: Clock;
    readonly random: RandomSource;
    readonly log: Logger;
    readonly signal?: AbortSignal;
  },
): Promise<OpenedStorage> {
  if (settings.kind === 'local') {
    const storage = new LocalStorage({ directory: settings.directory, random: deps.random });
    try {
      await storage.removeLeftovers(deps.clock.nowMs());
    } catch (error) {
      deps.log.warn({ event: 'dlog.leftovers-kept', error: describeError(error) });
    }
    return { storage, close: () => Promise.resolve() };
  }
  const { connectKafka, KafkaStorage } = await import('./kafka/index.ts');
  const kafka = await connectKafka(settings.bootstrapServers, deps);
  const storage = new KafkaStorage({ ...deps, kafka }, settings);
  return { storage, close: () => storage.close() };
}
