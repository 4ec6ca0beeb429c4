import type { StateStore } from '../../coordination/index.ts';
import {
  isSameRecord,
  SegmentCatalogue,
  type SegmentRecord,
  segmentRecordOf,
} from '../ownership/catalogue.ts';
import { stateKey } from '../ownership/ownership.ts';
import { padded } from '../storage/local-files.ts';
import type { LogStorage, StoredSegment } from '../storage/storage.ts';
import { type Finding, repairable } from './finding.ts';

/**
 * Checks that the state store agrees with the storage about a stream. The state store may lag for a moment,
 * so segments that are being written are not compared. Rejects as the storage does when a segment cannot be
 * read, because then there is nothing to compare with.
 */
export async function checkState(
  { store, storage }: { readonly store: StateStore; readonly storage: LogStorage },
  stream: string,
): Promise<Finding[]> {
  const listed = await new SegmentCatalogue(store, stream).list();
  const stored = await storage.segments(stream);
  return [
    ...compareSegments(stream, stored, listed),
    ...(await compareSubscribers({ store, storage }, stream)),
  ];
}

/** Pure. Skips the last two segments: the writer may be rolling from one to the other. */
function compareSegments(
  stream: string,
  stored: readonly StoredSegment[],
  listed: readonly SegmentRecord[],
): Finding[] {
  const key = (lssn: number): string => stateKey(stream, `segments/${padded(lssn)}`);
  const records = new Map(listed.map((record) => [record.lssn, record]));
  const findings: Finding[] = [];
  for (const segment of stored.slice(0, -2)) {
    const { lssn } = segment.header;
    const record = records.get(lssn);
    const isRight = record !== undefined && isSameRecord(record, segmentRecordOf(segment));
    if (isRight) continue;
    const what = record === undefined ? 'has no record of it' : 'says something else of it';
    findings.push(
      repairable(
        key(lssn),
        'rebuild',
        `the state store ${what}: "describe" shows it wrongly, nothing else asks there`,
      ),
    );
  }
  const first = stored[0]?.header.lssn ?? Number.POSITIVE_INFINITY;
  for (const { lssn } of listed)
    if (lssn < first && stored.length > 0)
      findings.push(repairable(key(lssn), 'rebuild', 'the state store lists a segment that is no more'));
  return findings;
}

async function compareSubscribers(
  { store, storage }: { readonly store: StateStore; readonly storage: LogStorage },
  stream: string,
): Promise<Finding[]> {
  const prefix = stateKey(stream, 'subscribers/');
  const findings: Finding[] = [];
  const notes = await storage.notes(stream);
  for (const { key } of await store.list(prefix)) {
    const name = `subscriber ${key.slice(prefix.length)}`;
    if (!notes.has(name))
      findings.push(
        repairable(
          key,
          'note-position',
          `the storage has no note "${name}": a lost state store would forget how far it has come`,
        ),
      );
  }
  return findings;
}
