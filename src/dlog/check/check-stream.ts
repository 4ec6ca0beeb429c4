import type { JsonValue } from '../../base/index.ts';
import { type Dlsn, formatDlsn, parseSortableDlsn } from '../format/dlsn.ts';
import { parseSettings } from '../settings.ts';
import { streamUnknown } from '../storage/faults.ts';
import { ignoring, numbersOf, readWhole } from '../storage/local-files.ts';
import type { RawStream } from '../storage/storage.ts';
import { checkChain } from './check-chain.ts';
import { type CheckedSegment, checkSegment, type SegmentPlace } from './check-segment.ts';
import { type CheckCounts, type CheckResult, damage, type Finding, note } from './finding.ts';

/** One call checks at most this much, plus one segment. */
const checkBytesMax = 64 * 1024 * 1024;

/**
 * Reads every byte that the storage keeps of a stream, and changes nothing. The stream may be written,
 * truncated or deleted meanwhile. Checks the segments from `fromLssn` on, as many as one call may. The call
 * that includes the first segment also checks everything that is not a segment. Rejects with
 * `STREAM_UNKNOWN`.
 */
export async function checkStream(stream: string, raw: RawStream, fromLssn = 0): Promise<CheckResult> {
  const { fs, files } = raw;
  const names = await ignoring('ENOENT', fs.names(files.directory('segments')));
  if (names === undefined) throw streamUnknown(stream);
  const numbers = numbersOf(names, '.log');
  const counts: CheckCounts = { segments: 0, entries: 0, records: 0, bytes: 0 };
  const findings: Finding[] = [];
  const place = (lssn: number): SegmentPlace => ({ fs, files, stream, lssn });
  const segments: CheckedSegment[] = [];
  const wanted = numbers.filter((lssn) => lssn >= fromLssn);
  let nextLssn: number | undefined;
  for (const lssn of wanted) {
    if (counts.bytes >= checkBytesMax) {
      nextLssn = lssn;
      break;
    }
    const segment = await lookAt(place(lssn), lssn === numbers.at(-1));
    if (segment === undefined) continue;
    segments.push(segment);
    count(counts, segment);
  }
  const beforeLssn = numbers.filter((lssn) => lssn < (wanted[0] ?? 0)).at(-1);
  // The mark is read after the segments: whatever was removed meanwhile lies below it.
  const mark = await readMark(raw);
  if (fromLssn <= (numbers[0] ?? 0)) findings.push(...(await checkRest(stream, raw)));
  findings.push(...segments.flatMap((segment) => segment.findings));
  const seals = numbersOf(await fs.names(files.directory('segments')), '.seal');
  const chain = {
    mark,
    promised: numbersOf(await fs.names(files.directory('fences')), '').at(-1),
    before: beforeLssn === undefined ? undefined : await checkSegment(place(beforeLssn)),
    segments,
    isEnd: nextLssn === undefined,
    loneSeals:
      fromLssn > 0 ? [] : seals.filter((lssn) => !numbers.includes(lssn) && !fs.exists(files.log(lssn))),
  };
  findings.push(...checkChain(chain), ...(nextLssn === undefined ? markBehindEnd(mark, numbers.at(-1)) : []));
  return { findings, counts, nextLssn };
}

/** Checks a segment again if it was sealed between the listing and the check. */
async function lookAt(place: SegmentPlace, isLast: boolean): Promise<CheckedSegment | undefined> {
  const segment = await checkSegment(place);
  const isLate = segment?.sealed === undefined && !isLast && place.fs.exists(place.files.seal(place.lssn));
  return isLate ? checkSegment(place) : segment;
}

function count(counts: CheckCounts, { tally }: CheckedSegment): void {
  counts.segments += 1;
  counts.entries += tally?.entries ?? 0;
  counts.records += tally?.records ?? 0;
  counts.bytes += tally?.bytes ?? 0;
}

async function readMark({ fs, files }: RawStream): Promise<Dlsn | undefined> {
  const names = (await fs.names(files.directory('marks'))).sort();
  return names.map(parseSortableDlsn).findLast((mark) => mark !== undefined);
}

function markBehindEnd(mark: Dlsn | undefined, last: number | undefined): Finding[] {
  if (mark === undefined || mark.lssn <= (last ?? 0)) return [];
  const end = last === undefined ? 'holds no segment' : `ends in segment ${last}`;
  return [damage('marks', '', `all before ${formatDlsn(mark)} is cut off, but the stream ${end}`)];
}

/** Checks settings, fences, marks, notes, and what an interrupted write left behind. */
async function checkRest(stream: string, raw: RawStream): Promise<Finding[]> {
  const { fs, files } = raw;
  const findings: Finding[] = [];
  const settings = await readJson(raw, files.settings);
  if (settings === undefined)
    findings.push(damage('stream.json', '', 'the settings are not JSON: no gateway can own the stream'));
  else {
    try {
      parseSettings(stream, settings);
    } catch (error) {
      findings.push(damage('stream.json', '', `${(error as Error).message}: no gateway can own the stream`));
    }
  }
  for (const kind of ['fences', 'segments', 'marks', 'notes'] as const) {
    for (const name of (await fs.names(files.directory(kind))).sort()) {
      const path = `${kind}/${name}`;
      if (name.startsWith('.'))
        findings.push(note(path, '', 'a write was interrupted or is in progress: no reader uses this file'));
      else findings.push(...(await checkName(raw, { kind, name, path })));
    }
  }
  return findings;
}

async function checkName(
  raw: RawStream,
  { kind, name, path }: { readonly kind: string; readonly name: string; readonly path: string },
): Promise<Finding[]> {
  const { fs, files } = raw;
  const foreign = [note(path, '', 'the storage uses no such name, so this was not checked')];
  if (kind === 'segments') return /^\d{16}\.(log|seal)$/.test(name) ? [] : foreign;
  if (kind === 'marks') return parseSortableDlsn(name) === undefined ? foreign : [];
  if (kind === 'fences') {
    if (!/^\d{16}$/.test(name)) return foreign;
    const token = await readWhole(fs, files.fence(Number(name)));
    // Undefined means that a higher epoch was granted meanwhile.
    if (token === undefined || /^[0-9a-f]{16}$/.test(token.toString())) return [];
    return [damage(path, '', 'the token cannot be read, so the owner of that epoch cannot be identified')];
  }
  const value = await readJson(raw, `${files.directory('notes')}/${name}`);
  if (value !== undefined) return [];
  return [damage(path, '', 'the note is no JSON: the position it keeps is lost')];
}

/** Undefined when the file does not exist or is not JSON. */
async function readJson({ fs }: RawStream, path: string): Promise<JsonValue | undefined> {
  const bytes = await readWhole(fs, path);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString()) as JsonValue;
  } catch {
    return undefined;
  }
}
