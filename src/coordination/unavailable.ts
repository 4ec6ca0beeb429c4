import { describeError, GatewayError } from '../base/index.ts';
import type { Fence } from './store.ts';

/** Why a Redis that answers refuses a call, by the first word of its error, in words for an operator. */
const refusals: Readonly<Record<string, string>> = {
  MISCONF: 'it cannot write to its disk and refuses writes',
  READONLY: 'it is a read-only replica',
  OOM: 'it has used the memory it may use',
  NOAUTH: 'it wants a password',
  WRONGPASS: 'it does not accept the user name or password',
  NOPERM: 'its user may not do this',
  LOADING: 'it is still reading its data',
  NOREPLICAS: 'it has too few replicas to accept writes',
};

/** `STATE_UNAVAILABLE` naming what was wanted, the address and the reason. */
export function unavailable(subject: { what: string; address: string }, cause: unknown): GatewayError {
  const { what, address } = subject;
  const words = describeError(cause);
  const isDiskFull =
    words.includes('MISCONF ') && (words.includes('No space left') || words.includes('Disk quota exceeded'));
  const refusal = isDiskFull
    ? 'its disk is full: kill topologies, delete streams or free space by hand'
    : Object.entries(refusals).find(([word]) => words.includes(`${word} `))?.[1];
  return new GatewayError(
    'STATE_UNAVAILABLE',
    `${what}: the state store at ${address} ${refusal === undefined ? `does not answer: ${words}` : `refused: ${refusal} (${words})`}`,
    { retryable: true, cause, facts: { address, subject: what, isDiskFull } },
  );
}

/** `LEASE_LOST`: a write under a lease that has expired or has another epoch by now. */
export function leaseLost(what: string, fence: Fence): GatewayError {
  const { leaseKey, epoch } = fence;
  return new GatewayError(
    'LEASE_LOST',
    `${what}: the lease ${leaseKey} is not held under epoch ${epoch} any more; nothing was written`,
    { facts: { ...fence, subject: what } },
  );
}
