import { type Clock, describeError, type Logger, type RandomSource } from '../../base/index.ts';
import { LocalStorage } from './local-storage.ts';
import type { LogStorage } from './storage.ts';

export type StorageSettings =
  /** The directory that holds the namespaces; made when it is not there. */
  | { readonly kind: 'local'; readonly directory: string }
  | {
      readonly kind: 'kafka';
      /** `host:port,host:port`. */
      readonly bootstrapServers: string;
      /** What the topics of streams begin with. */
      readonly topicPrefix: string;
      /** Of topics that are made. Above 1 an acknowledgement means several machines. */
      readonly replicationFactor: number;
      /** Topics that are made sync the disk at each append. */
      readonly isFlushed: boolean;
    };

export interface OpenedStorage {
  readonly storage: LogStorage;
  /** Lets its connections go. What is under way is told so. */
  readonly close: () => Promise<void>;
}

/**
 * The storage that is configured. Rejects, for Kafka, with `STORAGE_UNAVAILABLE` when no broker answers
 * within ten seconds and `STORAGE_UNFIT` when its client is not built, each a sentence for who runs the
 * gateway; an abort is looked at between those.
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
