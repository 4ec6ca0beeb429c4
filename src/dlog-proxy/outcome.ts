import { describeError, errorCode, GatewayError, type Logger } from '../base/index.ts';
import { type AppendOutcome, type Dlsn, serializeDlsn } from '../dlog/index.ts';
import type { ResponseHeader, StatusCode, WriteResponse } from '../rpc/index.ts';
import { answerText } from './answer-text.ts';

/** The request was not applied and never will be: `code` says why, `location` who can apply it. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: Exclude<StatusCode, 'SUCCESS'>;
  readonly text: string;
  readonly location?: string;
}

export type WriteOutcome =
  | { readonly kind: 'committed'; readonly dlsn: Dlsn }
  | Refused
  /** The record may be in the stream, now or later, once. */
  | { readonly kind: 'unknown'; readonly text: string };

export function refused(code: Refused['code'], text: string): Refused {
  return { kind: 'refused', code, text };
}

/** Another owner has the stream; `address` is empty while its address is unknown. */
export function writtenBy(stream: string, address: string): Refused {
  if (address === '') return refused('STREAM_NOT_READY', `${stream} changes its owner`);
  return { ...refused('FOUND', `${stream} is written by ${address}`), location: address };
}

export const cancelled = refused(
  'WRITE_CANCELLED_EXCEPTION',
  'an earlier write of this session was not committed: continue with a higher session number',
);

/**
 * Refuses a bulk or a set with too many records. DistributedLog's clients treat this code as final, and never
 * resend the same request.
 */
export function tooManyRecords(
  what: string,
  { records, recordsMax }: { readonly records: number; readonly recordsMax: number },
): Refused {
  return refused(
    'TOO_LARGE_RECORD',
    `${what} of ${records} records was refused: it may have at most ${recordsMax}. Send smaller ones.`,
  );
}

/** The refusal of a request that failed before anything was written. */
export function refusalOf(error: unknown): Refused {
  return refused(codeOf(error), answerText(error));
}

/** Like {@link refusalOf}; logs what the answer leaves out. */
export function loggedRefusalOf(logger: Logger, error: unknown): Refused {
  const refusal = refusalOf(error);
  if (refusal.code === 'INTERNAL_SERVER_ERROR')
    logger.warn({ event: 'dlog-proxy.call-failed', error: describeError(error) });
  return refusal;
}

export function outcomeOf(outcome: AppendOutcome): WriteOutcome {
  if (outcome.kind === 'committed') return { kind: 'committed', dlsn: outcome.dlsn };
  if (outcome.kind === 'unknown') return { kind: 'unknown', text: answerText(outcome.error) };
  switch (outcome.reason) {
    case 'queue-full':
      return refused('OVER_CAPACITY', 'too much is being written to this stream');
    case 'too-large':
      return refused('TOO_LARGE_RECORD', 'the record is larger than a record may be');
    case 'transaction-out-of-order':
      return refused('TRANSACTION_OUT_OF_ORDER', 'the transaction id is below the last one');
    case 'not-writable':
      return refused(
        'STREAM_NOT_READY',
        outcome.error === undefined ? 'the stream changes its writer' : answerText(outcome.error),
      );
  }
}

/** The header of an answer without a record. */
export function header(refusal?: Refused): ResponseHeader {
  if (refusal === undefined) return { code: 'SUCCESS' };
  return { code: refusal.code, errMsg: refusal.text, location: refusal.location };
}

export function writeResponse(outcome: WriteOutcome): WriteResponse {
  if (outcome.kind === 'committed') return { header: header(), dlsn: serializeDlsn(outcome.dlsn) };
  if (outcome.kind === 'refused') return { header: header(outcome) };
  return { header: { code: 'BK_TRANSMIT_ERROR', errMsg: outcome.text, isUnknown: true } };
}

function codeOf(error: unknown): Refused['code'] {
  switch (errorCode(error)) {
    case 'STREAM_UNKNOWN':
      return 'LOG_NOT_FOUND';
    // The name may be invalid, or what the call asks for: a position, a setting.
    case 'STREAM_INVALID':
      return error instanceof GatewayError && error.facts['isName'] === true
        ? 'INVALID_STREAM_NAME'
        : 'REQUEST_DENIED';
    case 'DURABILITY_UNSUPPORTED':
    case 'STREAM_LIMIT':
      return 'REQUEST_DENIED';
    case 'STATE_UNAVAILABLE':
      return 'SERVICE_UNAVAILABLE';
    // Another owner was faster: when the client asks again, it is redirected.
    case 'LEASE_LOST':
    case 'SEGMENT_FENCED':
      return 'LOCKING_EXCEPTION';
    case 'LOG_GAP':
    case 'SEGMENT_CORRUPT':
      return 'LOG_READ_ERROR';
    case 'ABORTED':
    case 'CONNECTION_CLOSED':
      return 'READ_CANCELLED_EXCEPTION';
    default:
      return 'INTERNAL_SERVER_ERROR';
  }
}
