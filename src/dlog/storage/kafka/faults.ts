import { describeError, GatewayError } from '../../../base/index.ts';

/** Kafka does not answer, or not in time. What was under way may or may not have happened. */
export function storageUnavailable(address: string, what: string, cause?: unknown): GatewayError {
  const why = cause === undefined ? '' : ` (${describeError(cause)})`;
  return new GatewayError(
    'STORAGE_UNAVAILABLE',
    `Kafka at ${address} does not answer: ${what}${why}; see that it runs and that egret.dlog.kafka.bootstrap.servers is right`,
    { retryable: true, cause, facts: { address, what } },
  );
}

/** A topic that a stream cannot live in. `remedy` says what to do about it. */
export function topicUnfit(topic: string, found: string, remedy: string): GatewayError {
  return new GatewayError('STORAGE_UNFIT', `Kafka topic ${topic} cannot hold a stream: ${found}; ${remedy}`, {
    facts: { topic, found },
  });
}

export function recordTooLarge(topic: string, bytes: number, bytesMax: number): GatewayError {
  return new GatewayError(
    'STORAGE_UNFIT',
    `Kafka topic ${topic} takes no record of ${bytes} bytes, ${bytesMax} at most; write smaller ones, or raise max.message.bytes`,
    { facts: { topic, bytes, bytesMax } },
  );
}
