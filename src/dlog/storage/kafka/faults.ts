import { describeError, errorCode, GatewayError } from '../../../base/index.ts';

/** Kafka does not answer, or not in time. Whether the request took effect is unknown. */
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

export function storageClosed(): GatewayError {
  return new GatewayError('ABORTED', 'the log storage in Kafka was closed');
}

/** Whether the broker said that: @platformatic/kafka wraps it in layers of its own. */
export function hasApiCode(error: unknown, code: string): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if (('apiId' in error && error.apiId === code) || errorCode(error) === code) return true;
  const inner = 'errors' in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  return [...inner, 'cause' in error ? error.cause : undefined].some((each) => hasApiCode(each, code));
}

/** `PLT_KFK_USER`: the one thing that its call for metadata blames on the caller. */
export function isTopicUnknown(error: unknown): boolean {
  return hasApiCode(error, 'UNKNOWN_TOPIC_OR_PARTITION') || hasApiCode(error, 'PLT_KFK_USER');
}
