import { describeError, errorCode, GatewayError } from '../../base/index.ts';
import type { Durability } from '../format/segment-header.ts';
import type { LogStorage, Permit } from './storage.ts';

/**
 * Throws `STREAM_INVALID` unless the name is `namespace/name`; each part has 1 to 200 letters, digits, `.`,
 * `_` and `-`, and no leading dot.
 */
export function checkStreamName(stream: string): void {
  if (/^[\w-][\w.-]{0,199}\/[\w-][\w.-]{0,199}$/.test(stream)) return;
  throw new GatewayError(
    'STREAM_INVALID',
    `${JSON.stringify(stream)} is no name of a stream: namespace/name of letters, digits, ".", "_" and "-" is expected`,
    { facts: { stream, isName: true } },
  );
}

export function streamUnknown(stream: string, cause?: unknown): GatewayError {
  return new GatewayError('STREAM_UNKNOWN', `there is no stream ${stream}`, { cause, facts: { stream } });
}

export function fenced(permit: Permit, promised?: number): GatewayError {
  const { stream, epoch } = permit;
  const by = promised === undefined ? 'another owner' : `epoch ${promised}`;
  return new GatewayError('SEGMENT_FENCED', `${stream}: the owner of epoch ${epoch} is fenced off by ${by}`, {
    facts: { stream, epoch, promised },
  });
}

export function segmentExists(stream: string, lssn: number): GatewayError {
  return new GatewayError('SEGMENT_EXISTS', `${stream}: segment ${lssn} is there already`, {
    facts: { stream, lssn },
  });
}

export function segmentMissing(stream: string, lssn: number): GatewayError {
  return new GatewayError('LOG_GAP', `${stream}: segment ${lssn} does not exist`, {
    facts: { stream, lssn },
  });
}

/**
 * A medium that failed once is not used again: its next sync may report success for data that it has dropped.
 */
export function poisoned(segment: { stream: string; lssn: number }, cause: unknown): GatewayError {
  const { stream, lssn } = segment;
  return new GatewayError(
    'SEGMENT_POISONED',
    `${stream}: segment ${lssn} takes nothing more after an error of its storage (${errorCode(cause) ?? describeError(cause)})`,
    { cause, facts: { stream, lssn, storageCode: errorCode(cause) } },
  );
}

export function corrupt(segment: { stream: string; lssn: number }, what: string): GatewayError {
  const { stream, lssn } = segment;
  return new GatewayError('SEGMENT_CORRUPT', `${stream}: segment ${lssn} is damaged: ${what}`, {
    facts: { stream, lssn, what },
  });
}

/** Throws `DURABILITY_UNSUPPORTED`, which lists the supported durabilities. */
export function checkDurability(storage: LogStorage, durability: Durability): void {
  if ((storage.durabilities as readonly string[]).includes(durability)) return;
  throw new GatewayError(
    'DURABILITY_UNSUPPORTED',
    `durability ${durability} is not to be had of this storage: ${storage.durabilities.join(', ')}`,
    { facts: { durability, supported: storage.durabilities } },
  );
}
