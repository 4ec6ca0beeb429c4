import type { Dlsn } from '../dlog/index.ts';
import type { WriteResponse } from '../rpc/index.ts';
import { type WriteOutcome, writeResponse } from './outcome.ts';
import { claimedRecords } from './record-set.ts';

/** Records of a bulk that are written as one batch. */
export interface Run {
  readonly begin: number;
  readonly end: number;
}

export interface RunOutcome {
  readonly outcome: WriteOutcome;
  /** How many records it holds for. */
  readonly records: number;
}

/** How many records a bulk claims to hold. Reads no more than the head of each set. */
export function bulkRecords(data: readonly Buffer[], isRecordSet: boolean): number {
  if (!isRecordSet) return data.length;
  let records = 0;
  for (const set of data) records += Math.max(1, claimedRecords(set));
  return records;
}

/**
 * Cuts a bulk into runs, so that a bulk costs a promise for each run and not for each record. A record of
 * more than `bytesMax` bytes is a run of its own, as is every record set: what is refused of either must not
 * take others with it.
 */
export function* runsOf(
  data: readonly Buffer[],
  limits: { readonly recordsMax: number; readonly bytesMax: number },
): Generator<Run> {
  for (let begin = 0; begin < data.length; ) {
    let end = begin;
    for (let bytes = 0; end < data.length && end - begin < limits.recordsMax; end++) {
      bytes += data[end]!.length;
      if (bytes > limits.bytesMax && end > begin) break;
    }
    yield { begin, end };
    begin = end;
  }
}

/**
 * An answer for each record of each run. A text is said once: the other records that were refused for the
 * same reason carry its code and location only, so that an answer stays in proportion to its request.
 */
export function bulkResponses(outcomes: readonly RunOutcome[]): WriteResponse[] {
  const responses: WriteResponse[] = [];
  const said = new Set<string | undefined>();
  for (const { outcome, records } of outcomes) {
    if (outcome.kind === 'committed') {
      for (let index = 0; index < records; index++)
        responses.push(writeResponse({ kind: 'committed', dlsn: slotAfter(outcome.dlsn, index) }));
      continue;
    }
    const full = writeResponse(outcome);
    const { errMsg, ...rest } = full.header;
    const brief = { header: rest };
    for (let index = 0; index < records; index++) {
      responses.push(said.has(errMsg) ? brief : full);
      said.add(errMsg);
    }
  }
  return responses;
}

function slotAfter({ lssn, entry, slot }: Dlsn, index: number): Dlsn {
  return { lssn, entry, slot: slot + index };
}
