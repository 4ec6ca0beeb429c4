import { join } from 'node:path';
import { type Clock, GatewayError, isJsonObject, type JsonValue } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { checkSegment } from '../check/check-segment.ts';
import { compareDlsn, type Dlsn, formatDlsn } from '../format/dlsn.ts';
import { scanEntries } from '../format/scan.ts';
import { encodeSeal } from '../format/seal.ts';
import { encodeSegmentHeader, type SegmentHeader } from '../format/segment-header.ts';
import { SegmentTally } from '../format/tally.ts';
import { SegmentCatalogue } from '../ownership/catalogue.ts';
import { stateKey } from '../ownership/ownership.ts';
import { ignoring, numbersOf, padded, readUpTo } from '../storage/local-files.ts';
import type { LogStorage, Permit, RawStream } from '../storage/storage.ts';

interface Drop {
  readonly stream: string;
  readonly raw: RawStream;
  readonly permit: Permit;
  readonly storage: LogStorage;
  readonly store: StateStore;
  readonly clock: Clock;
}

interface Dropped {
  readonly done: readonly string[];
  /** Undefined when there was nothing to drop. */
  readonly aside: string | undefined;
}

/**
 * Makes the entry with that position the last of the stream. What lies behind it is set aside first. It is
 * then removed from its end backwards, so that an interruption leaves the stream as damaged as before, or
 * with a later end than requested. Positions behind the entry will be reassigned to other records.
 */
export async function dropAfter(drop: Drop, at: Dlsn): Promise<Dropped> {
  const { stream, raw } = drop;
  const { fs, files } = raw;
  const mark = await drop.storage.truncation(stream);
  if (mark !== undefined && compareDlsn(at, mark) < 0)
    throw refused(stream, `${formatDlsn(at)} is cut off already: the stream begins at ${formatDlsn(mark)}`);
  const last = await readTo(drop, at);
  const behind = (await segmentNumbers(raw)).filter((lssn) => lssn > at.lssn);
  if (await isEndAlready(drop, last, behind))
    return {
      done: [`${formatDlsn(at)} is the end already: nothing was dropped`],
      aside: undefined,
    };

  const aside = await keepAside(drop, [at.lssn, ...behind]);
  for (const lssn of behind.reverse()) {
    // The seal goes first: the next owner recovers a segment without a seal, but a seal without a segment
    // blocks the next segment.
    await ignoring('ENOENT', fs.unlink(files.seal(lssn)));
    await fs.syncDirectory(files.directory('segments'));
    await ignoring('ENOENT', fs.unlink(files.log(lssn)));
    await fs.syncDirectory(files.directory('segments'));
  }
  await replaceSeal(drop, last);
  const end: Dlsn = { lssn: at.lssn, entry: last.tally.entries, slot: 0 };
  const moved = await pullBackSubscribers(drop, end);
  const done = [
    `dropped all behind entry ${at.lssn}:${at.entry}: ${behind.length} segments and the rest of segment ${at.lssn}`,
  ];
  if (moved > 0) done.push(`set ${moved} subscribers that stood behind it back to ${formatDlsn(end)}`);
  return { done, aside };
}

/**
 * Makes that segment the first of the stream: sets aside the segments below it, writes the mark, durably, and
 * then removes them.
 */
export async function dropBefore(drop: Drop, at: Dlsn): Promise<Dropped> {
  const { stream, raw, storage } = drop;
  const { fs, files } = raw;
  if (at.entry !== 0 || at.slot !== 0)
    throw refused(
      stream,
      `${formatDlsn(at)} is not the beginning of a segment: say ${at.lssn}:0:0 or ${at.lssn + 1}:0:0`,
    );
  const first = await checkSegment({ fs, files, stream, lssn: at.lssn });
  if (first?.header === undefined)
    throw refused(
      stream,
      `segment ${at.lssn} ${first === undefined ? 'does not exist' : 'cannot be read'}: it cannot be the first`,
    );
  const below = (await segmentNumbers(raw)).filter((lssn) => lssn < at.lssn);
  if (below.length === 0) return { done: [`nothing lies before segment ${at.lssn}`], aside: undefined };
  const aside = await keepAside(drop, below);
  await storage.truncate(stream, at);
  const catalogue = new SegmentCatalogue(drop.store, stream);
  for (const lssn of below) {
    await storage.removeSegment(stream, lssn);
    await catalogue.forget(lssn);
  }
  return { done: [`dropped ${below.length} segments before segment ${at.lssn}`], aside };
}

interface Prefix {
  readonly header: SegmentHeader;
  readonly seed: number;
  readonly tally: SegmentTally;
}

const chunkBytes = 1024 * 1024;

/** Tallies everything up to that entry. Every entry up to it must be whole. */
async function readTo({ stream, raw }: Drop, at: Dlsn): Promise<Prefix> {
  const { fs, files } = raw;
  const checked = await checkSegment({ fs, files, stream, lssn: at.lssn });
  if (checked?.header === undefined || checked.tally === undefined)
    throw refused(
      stream,
      `segment ${at.lssn} ${checked === undefined ? 'does not exist' : 'cannot be read'}: name an earlier position`,
    );
  if (at.entry >= checked.tally.entries)
    throw refused(
      stream,
      `entry ${at.lssn}:${at.entry} cannot be read: the last one of that segment that can is ${at.lssn}:${checked.tally.entries - 1}`,
    );
  const { header } = checked;
  const seed = encodeSegmentHeader(stream, header).readUInt32LE(60);
  const tally = new SegmentTally(header);
  const file = await fs.open(files.log(at.lssn), 'read');
  try {
    for (let wanted = chunkBytes; tally.entries <= at.entry; ) {
      const bytes = await readUpTo(file, Buffer.allocUnsafe(wanted), tally.bytes);
      const { entries: entry, lastTransactionId: transactionId } = tally;
      const sequenceId = header.firstSequenceId + tally.records;
      const scan = scanEntries(bytes, { seed, entry, transactionId, sequenceId });
      for (const each of scan.entries) if (tally.entries <= at.entry) tally.add(each);
      if (scan.entries.length === 0) wanted *= 4;
    }
  } finally {
    await file.close();
  }
  return { header, seed, tally };
}

/** Whether there is nothing behind the entry, neither a record nor unreadable bytes. */
async function isEndAlready(
  { stream, raw }: Drop,
  { header, tally }: Prefix,
  behind: readonly number[],
): Promise<boolean> {
  const { fs, files } = raw;
  for (const lssn of [header.lssn, ...behind]) {
    const found = await checkSegment({ fs, files, stream, lssn });
    const records = lssn === header.lssn ? tally.records : 0;
    if (found?.tally?.records !== records || found.findings.some(({ kind }) => kind === 'damage'))
      return false;
  }
  return true;
}

async function segmentNumbers({ fs, files }: RawStream): Promise<number[]> {
  const names = await fs.names(files.directory('segments'));
  return [...new Set([...numbersOf(names, '.log'), ...numbersOf(names, '.seal')])].sort(
    (left, right) => left - right,
  );
}

/**
 * Sets the files aside, durably: gives them a second name in a directory from which nothing is ever removed,
 * `<root>/.aside/<stream>/<epoch of this repair>/`.
 */
async function keepAside({ stream, raw, permit }: Drop, numbers: readonly number[]): Promise<string> {
  const { fs, files, root } = raw;
  const aside = join(root, '.aside', stream, padded(permit.epoch));
  await fs.makeDirectory(aside);
  for (const lssn of numbers) {
    for (const [path, name] of [
      [files.log(lssn), `${padded(lssn)}.log`],
      [files.seal(lssn), `${padded(lssn)}.seal`],
    ] as const)
      await ignoring('EEXIST', ignoring('ENOENT', fs.link(path, join(aside, name))));
  }
  for (let path = aside; path.length >= root.length; path = join(path, '..')) await fs.syncDirectory(path);
  return aside;
}

/**
 * The bytes behind the seal stay in the segment's file, where no reader looks: the file that was set aside is
 * a hard link to it.
 */
async function replaceSeal({ raw, permit, clock }: Drop, { header, seed, tally }: Prefix): Promise<void> {
  const { files } = raw;
  const path = files.seal(header.lssn);
  const seal = tally.seal({ epoch: permit.epoch, sealedAtMs: clock.nowMs(), isEndOfStream: false });
  await files.replace(path, encodeSeal(seal, seed));
}

/** A subscriber position behind the end would skip the records that are written there next. */
async function pullBackSubscribers({ store, storage, stream }: Drop, end: Dlsn): Promise<number> {
  const prefix = stateKey(stream, 'subscribers/');
  const positions = new Map<string, JsonValue>();
  for (const [name, value] of await storage.notes(stream))
    if (name.startsWith('subscriber ')) positions.set(name.slice('subscriber '.length), value);
  for (const { key, value } of await store.list(prefix)) positions.set(key.slice(prefix.length), value);
  let moved = 0;
  for (const [subscriber, value] of positions) {
    const next = isJsonObject(value) ? (value['next'] as readonly [number, number, number] | null) : null;
    if (next === null || !isJsonObject(value)) continue;
    if (compareDlsn({ lssn: next[0], entry: next[1], slot: next[2] }, end) <= 0) continue;
    const changed = {
      ...value,
      generation: Number(value['generation']) + 1,
      next: [end.lssn, end.entry, end.slot],
    };
    await store.put(`${prefix}${subscriber}`, changed);
    await storage.putNote(stream, `subscriber ${subscriber}`, changed);
    moved += 1;
  }
  return moved;
}

function refused(stream: string, what: string): GatewayError {
  return new GatewayError('STREAM_INVALID', `${stream}: ${what}`, { facts: { stream } });
}
