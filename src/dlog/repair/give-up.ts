import { GatewayError } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { type Dlsn, formatDlsn } from '../format/dlsn.ts';
import { SegmentCatalogue } from '../ownership/catalogue.ts';
import type { LogStorage } from '../storage/storage.ts';
import type { RepairChoice } from './choice.ts';

interface Place {
  readonly storage: LogStorage;
  readonly store: StateStore;
  readonly stream: string;
}

/**
 * Throws `STREAM_INVALID`, before anything is done, for a choice that a storage without files cannot carry
 * out.
 */
export async function checkGiveUp({ storage, stream }: Place, choice: RepairChoice): Promise<void> {
  if (choice.dropAfter !== undefined)
    throw refused(
      stream,
      'this storage cannot truncate the end of a stream: drop what lies before a segment (--drop-before SEGMENT:0:0), or copy the readable records into another stream',
    );
  const at = choice.dropBefore!;
  const segments = (await storage.inspect?.(stream))?.segments ?? (await storage.segments(stream));
  const isBegin = at.entry === 0 && at.slot === 0;
  if (isBegin && segments.some(({ header }) => header.lssn === at.lssn)) return;
  const whole = segments.map(({ header }) => `${header.lssn}:0:0`).slice(-10);
  throw refused(
    stream,
    `${formatDlsn(at)} is not the beginning of a segment that can be read: ${whole.length === 0 ? 'there is none' : `the last are ${whole.join(', ')}`}`,
  );
}

/**
 * Makes that segment the first of the stream, in a storage without files: nothing is set aside. The caller
 * must own the stream and must have called {@link checkGiveUp}.
 */
export async function dropBeforeForGood({ storage, store, stream }: Place, at: Dlsn): Promise<string[]> {
  const done: string[] = [];
  const inspected = await storage.inspect?.(stream);
  if ((inspected?.damage.length ?? 0) > 0) {
    await storage.giveUpDamaged?.(stream);
    done.push(`gave up ${inspected!.damage.length} damaged records or segments: what they held is lost`);
  }
  await storage.truncate(stream, at);
  const catalogue = new SegmentCatalogue(store, stream);
  const below = inspected?.lssns.filter((lssn) => lssn < at.lssn) ?? [];
  for (const lssn of below) {
    await storage.removeSegment(stream, lssn);
    await catalogue.forget(lssn);
  }
  return [
    ...done,
    `dropped ${below.length} segments before segment ${at.lssn}; this storage keeps no copy of them`,
  ];
}

function refused(stream: string, what: string): GatewayError {
  return new GatewayError('STREAM_INVALID', `${stream}: ${what}`, { facts: { stream } });
}
