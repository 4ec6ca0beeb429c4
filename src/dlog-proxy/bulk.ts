import type { Dlsn } from '../dlog/index.ts';
import type { WriteResponse } from '../rpc/index.ts';
import { type WriteOutcome, writeResponse } from './outcome.ts';
import { claimedRecords } from './record-set.ts';

/** The records of a bulk that are written as one batch. */
export interface Run {
  readonly begin: number;
  readonly end: number;
}

export interface RunOutcome {
  readonly outcome: WriteOutcome;
  /** The number of records with this outcome. */
  readonly records: number;
}

/** How many records a bulk claims to contain. Reads only the header of each set. */
export function bulkRecords(data: readonly Buffer[], isRecordSet: boolean): number {
  if (!isRecordSet) return data.length;
  let records = 0;
  for (const set of data) records += Math.max(1, claimedRecords(set));
  return records;
}

/**
 * Cuts a bulk into runs, so that it costs one promise per run and not one per record. A record of more than
 * `bytesMax` bytes is a run of its own, and so is every record set: a refusal of either must not affect
 * others.
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
 * Builds an answer for each record of each run. Each text appears once: the other records that were refused
 * for the same reason carry only its code and location, so that an answer stays in proportion to its request.
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
