import type { Inspected, StoredDamage, StoredSegment } from '../storage.ts';
import type { StreamFold } from './fold.ts';

/** What the partition of a topic contains, and which parts of it are unreadable. */
export function inspected({ unreadable, segments: all, mark }: StreamFold, topic: string): Inspected {
  const damage: StoredDamage[] = unreadable.map(({ offset, what }) => ({
    where: `topic ${topic}`,
    place: `record ${offset}`,
    what: `${what}; reading and writing stop here`,
  }));
  const segments: StoredSegment[] = [];
  for (const { header, seed, sealed, damage: what } of all.values()) {
    if (what === undefined) segments.push({ header, seed, sealed });
    else damage.push({ where: `segment ${header.lssn}`, place: '', what: `${what}; readers stop there` });
  }
  segments.sort((left, right) => left.header.lssn - right.header.lssn);
  return { segments, lssns: [...all.keys()], damage, mark };
}
