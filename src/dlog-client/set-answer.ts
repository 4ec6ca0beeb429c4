import type { GatewayError } from '../base/index.ts';
import type { WriteResponse } from '../rpc/index.ts';
import type { AppendOutcome } from './append-queue.ts';
import { failureOf } from './failure.ts';

/** A gateway's answer to a set of records, or why there is none. */
export type SetAnswer = WriteResponse | { readonly lost: GatewayError };

/** The outcome of each record of a set whose answer is not a success. */
export function failedOutcome(
  stream: string,
  answer: SetAnswer,
): Exclude<AppendOutcome, { readonly kind: 'committed' }> {
  if ('lost' in answer) return { kind: 'unknown', error: answer.lost };
  const kind = answer.header.isUnknown === true ? 'unknown' : 'refused';
  return { kind, error: failureOf(stream, answer.header) };
}
