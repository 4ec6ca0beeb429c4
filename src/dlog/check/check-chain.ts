import type { Dlsn } from '../format/dlsn.ts';
import { formatDlsn } from '../format/dlsn.ts';
import { type CheckedSegment, logName, sealName } from './check-segment.ts';
import { damage, type Finding, repairable } from './finding.ts';

/** What is known of a stream once its segments are put in order. */
export interface Chain {
  /** The mark below which the stream is truncated. */
  readonly mark: Dlsn | undefined;
  /** The highest epoch that was granted. */
  readonly promised: number | undefined;
  /** The segment before the first of these, when these are not all. */
  readonly before: CheckedSegment | undefined;
  readonly segments: readonly CheckedSegment[];
  /** Whether the last of these segments is the last of the stream. */
  readonly isEnd: boolean;
  /** Numbers of seals whose segment is missing. */
  readonly loneSeals: readonly number[];
}

/** Checks that each segment starts where the one before it ended. Pure. */
export function checkChain(chain: Chain): Finding[] {
  const findings: Finding[] = [];
  const markLssn = chain.mark?.lssn ?? 1;
  const kept = chain.segments.filter(({ lssn }) => lssn >= markLssn);
  for (const { lssn } of chain.segments)
    if (lssn < markLssn)
      findings.push(
        repairable(
          logName(lssn),
          'remove',
          `it lies below the mark ${formatDlsn(chain.mark!)}: a removal was cut short`,
        ),
      );
  for (const lssn of chain.loneSeals)
    findings.push(
      lssn < markLssn
        ? repairable(
            sealName(lssn),
            'remove',
            'a seal without its segment, below the mark: a removal was cut short',
          )
        : damage(
            sealName(lssn),
            '',
            'its segment does not exist: its records are lost, and no owner can continue after the gap',
          ),
    );
  let before = chain.before;
  if (before === undefined) findings.push(...checkFirst(kept[0], chain, markLssn));
  for (const [index, segment] of kept.entries()) {
    if (before !== undefined) findings.push(...checkFollows(segment, before));
    const isLast = chain.isEnd && index === kept.length - 1;
    findings.push(...checkEnd(segment, isLast), ...checkPromise(segment, chain.promised));
    before = segment;
  }
  return findings;
}

function checkFirst(first: CheckedSegment | undefined, chain: Chain, expected: number): Finding[] {
  if (first?.lssn === expected) return [];
  if (first === undefined && chain.mark === undefined) return [];
  // A mark at the very end means that the whole stream was truncated; its last segment stays even then.
  const found = first === undefined ? 'there is none' : `the first there is ${first.lssn}`;
  return [damage(logName(expected), '', `the segment is missing (${found}): what it held is lost`)];
}

function checkFollows(segment: CheckedSegment, before: CheckedSegment): Finding[] {
  const { lssn, header } = segment;
  if (lssn !== before.lssn + 1) {
    const last = lssn - 1 === before.lssn + 1 ? '' : ` to ${lssn - 1}`;
    return [
      damage(
        logName(before.lssn + 1),
        '',
        `segment ${before.lssn + 1}${last} is missing: what it held is lost`,
      ),
    ];
  }
  const { sealed } = before;
  if (header === undefined || before.header === undefined || sealed === undefined) return [];
  const wrong = (what: string): Finding[] => [
    damage(logName(lssn), 'byte 0', `${what}: it does not follow segment ${before.lssn} as that ends now`),
  ];
  const sequenceId = before.header.firstSequenceId + sealed.seal.records;
  if (header.previousSealCrc !== sealed.crc) return wrong('its header names another seal');
  if (header.firstSequenceId !== sequenceId)
    return wrong(`its first sequence id is ${header.firstSequenceId}, ${sequenceId} comes next`);
  if (header.epoch < before.header.epoch)
    return wrong(`its epoch ${header.epoch} is below the ${before.header.epoch} before it`);
  if (sealed.seal.isEndOfStream) return wrong('the stream was ended before it');
  return [];
}

function checkEnd({ lssn, sealed, header, findings }: CheckedSegment, isLast: boolean): Finding[] {
  if (sealed !== undefined || header === undefined || findings.some(({ kind }) => kind === 'damage'))
    return [];
  if (isLast) return [];
  return [
    repairable(
      logName(lssn),
      'take-over',
      'it was left open and another follows: the next owner seals it at its last whole entry',
    ),
  ];
}

function checkPromise({ lssn, header }: CheckedSegment, promised: number | undefined): Finding[] {
  if (header === undefined || header.epoch <= (promised ?? 0)) return [];
  const fence = promised === undefined ? 'no epoch is promised' : `only epoch ${promised} is promised`;
  return [
    repairable(
      'fences',
      'take-over',
      `${fence}, but segment ${lssn} was written under ${header.epoch}: nothing keeps an earlier owner off`,
    ),
  ];
}
