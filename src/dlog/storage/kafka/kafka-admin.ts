import type { Admin } from '@platformatic/kafka';
import type { KafkaLimits } from './broker.ts';
import { hasApiCode, isTopicUnknown, storageUnavailable } from './faults.ts';
import type { TopicFacts } from './topic.ts';

/** Creates, describes and truncates topics. @platformatic/kafka is loaded only on the first call. */
export class KafkaAdmin {
  readonly #address: string;
  readonly #admin: Admin;
  readonly #topicConfigs: number;

  private constructor(address: string, admin: Admin, topicConfigs: number) {
    this.#address = address;
    this.#admin = admin;
    this.#topicConfigs = topicConfigs;
  }

  static async open(address: string, limits: KafkaLimits): Promise<KafkaAdmin> {
    const kafka = await import('@platformatic/kafka');
    const admin = new kafka.Admin({
      clientId: 'egret-dlog',
      bootstrapBrokers: address.split(','),
      connectTimeout: limits.connectMs,
      requestTimeout: limits.requestMs,
      timeout: limits.requestMs,
      retries: 1,
      retryDelay: 50,
      autocreateTopics: false,
    });
    return new KafkaAdmin(address, admin, kafka.ConfigResourceTypes.TOPIC);
  }

  /** A topic that exists already is no error: its first record shows which process created the stream. */
  async createTopic(
    topic: string,
    replicationFactor: number,
    settings: Readonly<Record<string, string>>,
  ): Promise<void> {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    try {
      await this.#admin.createTopics({
        topics: [topic],
        partitions: 1,
        replicas: replicationFactor,
        configs,
      });
    } catch (error) {
      if (!hasApiCode(error, 'TOPIC_ALREADY_EXISTS')) throw this.#fault(error, `creating topic ${topic}`);
    }
  }

  async topic(topic: string): Promise<TopicFacts | undefined> {
    try {
      const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true });
      const found = topics.get(topic);
      if (found === undefined) return undefined;
      const resource = { resourceType: this.#topicConfigs as 2, resourceName: topic };
      const [described] = await this.#admin.describeConfigs({ resources: [resource] });
      const settings = new Map(described!.configs.map(({ name, value }) => [name, value ?? null]));
      const replicas = Math.min(...found.partitions.map((partition) => partition.replicas.length));
      return { partitions: found.partitionsCount, replicas, settings };
    } catch (error) {
      if (isTopicUnknown(error)) return undefined;
      throw this.#fault(error, `looking at topic ${topic}`);
    }
  }

  async topics(): Promise<readonly string[]> {
    try {
      return await this.#admin.listTopics();
    } catch (error) {
      throw this.#fault(error, 'listing topics');
    }
  }

  async deleteRecords(topic: string, before: number): Promise<void> {
    try {
      const partitions = [{ partition: 0, offset: BigInt(before) }];
      await this.#admin.deleteRecords({ topics: [{ name: topic, partitions }] });
    } catch (error) {
      throw this.#fault(error, `deleting records of ${topic}`);
    }
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }

  #fault(error: unknown, what: string): Error {
    return storageUnavailable(this.#address, what, error);
  }
}
