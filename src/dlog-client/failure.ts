import { describeError, errorCode, GatewayError } from '../base/index.ts';
import type { ResponseHeader, StatusCode } from '../rpc/index.ts';

/**
 * After these codes the same request may be resent a little later: it was not applied, and the obstacle is
 * temporary.
 */
const passing: readonly StatusCode[] = [
  'FOUND',
  'LOCKING_EXCEPTION',
  'OVER_CAPACITY',
  'STREAM_NOT_READY',
  'SERVICE_UNAVAILABLE',
  'TOO_MANY_STREAMS',
];

export function isPassing({ code, isUnknown }: ResponseHeader): boolean {
  return passing.includes(code) && isUnknown !== true;
}

/**
 * The error for an answer that is not 200: `STREAM_UNKNOWN`, or `REMOTE_FAILURE` with the code of the answer
 * as a fact.
 */
export function failureOf(stream: string, header: ResponseHeader): GatewayError {
  const { code, errMsg, isUnknown } = header;
  const options = { facts: { stream, code }, retryable: isPassing(header) };
  if (code === 'LOG_NOT_FOUND')
    return new GatewayError('STREAM_UNKNOWN', `there is no stream ${stream}`, options);
  const fate = isUnknown === true ? ' (whether it was done is not known)' : '';
  return new GatewayError('REMOTE_FAILURE', `${stream}: ${errMsg ?? 'refused'} [${code}]${fate}`, options);
}

/** The code of the gateway's answer (`END_OF_STREAM`), if the error is such an answer. */
export function requestCode(error: unknown): string | undefined {
  return error instanceof GatewayError && typeof error.facts['code'] === 'string'
    ? error.facts['code']
    : undefined;
}

/** Whether the connection failed: the request may have been applied. */
export function isLost(error: unknown): boolean {
  return ['CONNECTION_CLOSED', 'TIMED_OUT', 'CONNECT_FAILED', 'PROTOCOL_VIOLATION'].includes(
    errorCode(error) ?? '',
  );
}

/** The error itself, or `CONNECTION_CLOSED` with it as the cause. */
export function asFault(error: unknown): GatewayError {
  return error instanceof GatewayError
    ? error
    : new GatewayError('CONNECTION_CLOSED', describeError(error), { cause: error });
}
