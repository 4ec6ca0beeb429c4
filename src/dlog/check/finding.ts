/**
 * `damage`: stored data is unreadable or has changed; the only repair is a decision to lose it. `repairable`:
 * something is missing or left over, and a repair loses no record. `note`: nothing is wrong, but an operator
 * should know it.
 */
export type FindingKind = 'damage' | 'repairable' | 'note';

/**
 * The repair: a regular take-over, a rebuild of the list in the state store, the removal of what lies below
 * the truncation mark, or a note of the position.
 */
export type Remedy = 'take-over' | 'rebuild' | 'remove' | 'note-position' | 'none';

export interface Finding {
  readonly kind: FindingKind;
  readonly remedy: Remedy;
  /** The file in the stream's directory, or a key of the state store. */
  readonly file: string;
  /** The byte or entry in the file, counted as people count; empty for the file as a whole. */
  readonly place: string;
  /** What the finding means for the clients that read or write the stream. */
  readonly meaning: string;
}

export interface CheckCounts {
  segments: number;
  entries: number;
  records: number;
  bytes: number;
}

/**
 * What a check covered and what it found. `nextLssn` is the segment from which the next part must continue;
 * undefined when nothing is left.
 */
export interface CheckResult {
  readonly findings: readonly Finding[];
  readonly counts: Readonly<CheckCounts>;
  readonly nextLssn: number | undefined;
}

export function damage(file: string, place: string, meaning: string): Finding {
  return { kind: 'damage', remedy: 'none', file, place, meaning };
}

export function repairable(file: string, remedy: Remedy, meaning: string): Finding {
  return { kind: 'repairable', remedy, file, place: '', meaning };
}

export function note(file: string, place: string, meaning: string): Finding {
  return { kind: 'note', remedy: 'none', file, place, meaning };
}
