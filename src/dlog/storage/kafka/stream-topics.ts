import { waitFor } from '../../../base/index.ts';
import type { Durability } from '../../format/segment-header.ts';
import { checkStreamName } from '../faults.ts';
import type { ViewDeps } from './stream-view.ts';
import { durabilitiesOf, settingsOf, streamOf, type TopicOptions, topicOf } from './topic.ts';

export interface StreamTopicsOptions extends TopicOptions {
  /** The names of all topics of streams begin with it. */
  readonly topicPrefix: string;
}

/** The topics of the broker that belong to streams. Rejects with `STORAGE_UNAVAILABLE`. */
export class StreamTopics {
  readonly #deps: Pick<ViewDeps, 'kafka' | 'clock' | 'limits'>;
  readonly #options: StreamTopicsOptions;

  constructor(deps: Pick<ViewDeps, 'kafka' | 'clock' | 'limits'>, options: StreamTopicsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** The durabilities that an append can have in a topic that is created here. */
  get durabilities(): readonly Durability[] {
    const settings = new Map(Object.entries(settingsOf(this.#options)));
    return durabilitiesOf({ partitions: 1, replicas: this.#options.replicationFactor, settings });
  }

  /** The topic of the stream. Throws `STREAM_INVALID` for a bad name. */
  of(stream: string): string {
    checkStreamName(stream);
    return topicOf(this.#options.topicPrefix, stream);
  }

  /** Creates the topic unless it exists. Resolves when the broker reports it. */
  async create(topic: string): Promise<void> {
    const { kafka, clock, limits } = this.#deps;
    if ((await kafka.topic(topic)) !== undefined) return;
    await kafka.createTopic(topic, this.#options.replicationFactor, settingsOf(this.#options));
    await waitFor(
      `topic ${topic}`,
      async () => ((await kafka.topic(topic)) === undefined ? undefined : true),
      {
        clock,
        limitMs: limits.requestMs,
        everyMs: 20,
      },
    );
  }

  /** The namespaces of all streams that have a topic, in order. */
  async namespaces(): Promise<readonly string[]> {
    const topics = await this.#deps.kafka.topics();
    const streams = topics.map((topic) => streamOf(this.#options.topicPrefix, topic));
    return [...new Set(streams.flatMap((stream) => stream?.split('/')[0] ?? []))].sort();
  }

  /** The streams of a namespace, in order, without those whose topic has no record: they were deleted. */
  async streams(namespace: string): Promise<readonly string[]> {
    checkStreamName(`${namespace}/x`);
    const { kafka } = this.#deps;
    const found: string[] = [];
    for (const topic of await kafka.topics()) {
      const stream = streamOf(this.#options.topicPrefix, topic);
      if (stream?.startsWith(`${namespace}/`) !== true) continue;
      const { low, high } = await kafka.watermarks(topic);
      if (low < high) found.push(stream);
    }
    return found.sort();
  }
}
