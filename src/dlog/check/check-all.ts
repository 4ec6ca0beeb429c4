import { describeError, errorCode } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import type { Inspected, LogStorage } from '../storage/storage.ts';
import { checkState } from './check-state.ts';
import { checkStream } from './check-stream.ts';
import { type CheckCounts, type CheckResult, damage, type Finding } from './finding.ts';

export interface CheckDeps {
  readonly storage: LogStorage;
  readonly store: StateStore;
}

/** Checks the storage, and together with its last part the state store. */
export async function checkAll(deps: CheckDeps, stream: string, fromLssn: number): Promise<CheckResult> {
  const { storage } = deps;
  const raw = storage.raw?.(stream);
  const found =
    raw === undefined ? await checkByReading(storage, stream) : await checkStream(stream, raw, fromLssn);
  if (found.nextLssn !== undefined) return found;
  return { ...found, findings: [...found.findings, ...(await stateFindings(deps, stream))] };
}

async function stateFindings(deps: CheckDeps, stream: string): Promise<Finding[]> {
  try {
    return await checkState(deps, stream);
  } catch (error) {
    // The check of the storage has already reported this damage, so the state store has nothing to match.
    if (['SEGMENT_CORRUPT', 'LOG_GAP'].includes(errorCode(error) ?? '')) return [];
    throw error;
  }
}

/** Checks all segments as a reader sees them, for a storage whose files are out of reach. */
async function checkByReading(storage: LogStorage, stream: string): Promise<CheckResult> {
  const counts: CheckCounts = { segments: 0, entries: 0, records: 0, bytes: 0 };
  const findings: Finding[] = [];
  const { segments, damage: known, mark } = await inspected(storage, stream);
  findings.push(...known.map(({ where, place, what }) => damage(where, place, what)));
  for (const { header } of segments) {
    const { lssn } = header;
    if (lssn < (mark?.lssn ?? 1)) continue;
    try {
      await readThrough(storage, { stream, lssn }, counts);
    } catch (error) {
      // The finding for the record itself has already reported this.
      if (known.length > 0 && errorCode(error) === 'SEGMENT_CORRUPT') continue;
      findings.push(damage(`segment ${lssn}`, '', `${describeError(error)}: readers stop here`));
    }
  }
  return { findings, counts, nextLssn: undefined };
}

async function inspected(storage: LogStorage, stream: string): Promise<Inspected> {
  const found = await storage.inspect?.(stream);
  if (found !== undefined) return found;
  const segments = await storage.segments(stream);
  const lssns = segments.map(({ header }) => header.lssn);
  return { segments, lssns, mark: await storage.truncation(stream), damage: [] };
}

const chunkBytes = 1024 * 1024;

async function readThrough(
  storage: LogStorage,
  { stream, lssn }: { readonly stream: string; readonly lssn: number },
  counts: CheckCounts,
): Promise<void> {
  const reader = await storage.openSegment(stream, lssn);
  try {
    counts.segments += 1;
    for (let from = 0; ; ) {
      const entries = await reader.read(from, chunkBytes);
      if (entries.length === 0) return;
      for (const entry of entries) {
        counts.entries += 1;
        counts.records += entry.count;
        counts.bytes += entry.bytes;
      }
      from = entries.at(-1)!.entry + 1;
    }
  } finally {
    await reader.close();
  }
}
