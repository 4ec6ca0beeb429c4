import { type Clock, errorCode, type Logger, type RandomSource } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { checkAll } from '../check/check-all.ts';
import type { Finding } from '../check/finding.ts';
import { SegmentCatalogue } from '../ownership/catalogue.ts';
import { type Applicant, releaseOwnership, stateKey, takeOwnership } from '../ownership/ownership.ts';
import type { CommitHub } from '../reader/commit-hub.ts';
import type { LogStorage } from '../storage/storage.ts';
import { openWriter } from '../writer/open-writer.ts';
import { writerDefaults } from '../writer/writer-options.ts';
import type { RepairChoice } from './choice.ts';
import { dropAfter, dropBefore } from './drop.ts';
import { checkGiveUp, dropBeforeForGood } from './give-up.ts';

export type RepairResult =
  | {
      readonly kind: 'repaired';
      /** What was done, a sentence each. */
      readonly done: readonly string[];
      /** What is still wrong. */
      readonly left: readonly Finding[];
      /** The directory with what was set aside. */
      readonly aside: string | undefined;
    }
  | { readonly kind: 'owned'; readonly address: string };

export interface RepairDeps {
  readonly storage: LogStorage;
  readonly store: StateStore;
  readonly hub: CommitHub;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/**
 * Repairs everything that needs no loss of records, and sets aside and drops what the choice says. Acts as
 * the stream's owner, so that no other owner writes meanwhile; the caller must not write the stream any more.
 * Rejects with `STREAM_UNKNOWN`, with `STREAM_INVALID` for an impossible choice, and as {@link takeOwnership}
 * and {@link openWriter} do.
 */
export async function repairStream(
  deps: RepairDeps,
  { stream, address }: { readonly stream: string; readonly address: string },
  choice: RepairChoice,
): Promise<RepairResult> {
  const done: string[] = [];
  let aside: string | undefined;
  // Where a record is damaged, only `inspect` answers.
  await (deps.storage.inspect?.(stream) ?? deps.storage.settings(stream));
  if (choice.dropAfter !== undefined || choice.dropBefore !== undefined) {
    const dropped = await dropChosen(deps, { stream, address }, choice);
    if (dropped.kind === 'owned') return dropped;
    done.push(...dropped.done);
    aside = dropped.aside;
  }
  const remedies = new Set((await findings(deps, stream)).map(({ remedy }) => remedy));
  for (const remedy of ['remove', 'take-over', 'note-position'] as const) {
    if (!remedies.has(remedy)) continue;
    const result = await apply(deps, { stream, address }, remedy);
    if (result.kind === 'owned') return result;
    done.push(result.text);
  }
  // The list must also include what was just done.
  const changes = done.length > 0 || remedies.has('rebuild') ? await rebuilt(deps, stream) : 0;
  if (changes > 0) done.push(`wrote or removed ${changes} records of the state store`);
  const left = (await findings(deps, stream)).filter(({ kind }) => kind !== 'note');
  deps.log.info({ event: 'dlog.repaired', stream, done, left: left.length, aside });
  return { kind: 'repaired', done, left, aside };
}

/** All parts of a check. */
async function findings(deps: RepairDeps, stream: string): Promise<readonly Finding[]> {
  const all: Finding[] = [];
  let from: number | undefined = 0;
  while (from !== undefined) {
    const part = await checkAll(deps, stream, from);
    all.push(...part.findings);
    from = part.nextLssn;
  }
  return all;
}

type Applied =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'owned'; readonly address: string };

async function apply(
  deps: RepairDeps,
  at: { readonly stream: string; readonly address: string },
  remedy: 'remove' | 'take-over' | 'note-position',
): Promise<Applied> {
  const { storage } = deps;
  const { stream } = at;
  switch (remedy) {
    case 'remove':
      return {
        kind: 'done',
        text: `removed ${await removeBelowMark(storage, stream)} segments below the mark`,
      };
    case 'take-over':
      return takeOverOnce(deps, at);
    case 'note-position':
      return {
        kind: 'done',
        text: `noted the positions of ${await notePositions(deps, stream)} subscribers`,
      };
  }
}

/** Zero when a segment cannot be read; the remaining findings report that. */
async function rebuilt({ store, storage }: RepairDeps, stream: string): Promise<number> {
  try {
    return await new SegmentCatalogue(store, stream).rebuild(storage);
  } catch (error) {
    if (['SEGMENT_CORRUPT', 'LOG_GAP'].includes(errorCode(error) ?? '')) return 0;
    throw error;
  }
}

/**
 * Takes over as every owner does, and then releases the stream: this seals what was left open and fences
 * earlier owners.
 */
async function takeOverOnce(
  deps: RepairDeps,
  { stream, address }: { readonly stream: string; readonly address: string },
): Promise<Applied> {
  const opened = await openWriter(deps, { name: stream, token: tokenOf(deps) }, { address });
  if (opened.kind === 'owned') return { kind: 'owned', address: opened.address };
  if (opened.kind === 'opened') await opened.writer.close();
  return { kind: 'done', text: 'took the stream over: sealed what earlier owners had left open' };
}

async function removeBelowMark(storage: LogStorage, stream: string): Promise<number> {
  const mark = await storage.truncation(stream);
  // The mark is written again: only then is it certain to outlive what is removed.
  if (mark !== undefined) await storage.truncate(stream, mark);
  const { fs, files } = storage.raw!(stream);
  const numbers = new Set(
    (await fs.names(files.directory('segments'))).map((name) =>
      Number(/^(\d{16})\./.exec(name)?.[1] ?? Number.NaN),
    ),
  );
  const below = [...numbers].filter((lssn) => lssn < (mark?.lssn ?? 0));
  for (const lssn of below) await storage.removeSegment(stream, lssn);
  return below.length;
}

async function notePositions({ store, storage }: RepairDeps, stream: string): Promise<number> {
  const prefix = stateKey(stream, 'subscribers/');
  const notes = await storage.notes(stream);
  let noted = 0;
  for (const { key, value } of await store.list(prefix)) {
    const name = `subscriber ${key.slice(prefix.length)}`;
    if (notes.has(name)) continue;
    await storage.putNote(stream, name, value);
    noted += 1;
  }
  return noted;
}

/** Acts under the lease and the storage's promise: an earlier owner acknowledges nothing any more. */
async function dropChosen(
  deps: RepairDeps,
  { stream, address }: { readonly stream: string; readonly address: string },
  choice: RepairChoice,
): Promise<
  | { readonly kind: 'dropped'; readonly done: readonly string[]; readonly aside: string | undefined }
  | { readonly kind: 'owned'; readonly address: string }
> {
  const { store, storage } = deps;
  const raw = storage.raw?.(stream);
  if (raw === undefined) await checkGiveUp({ storage, store, stream }, choice);
  const applicant: Applicant = { stream, address, token: tokenOf(deps), ttlMs: writerDefaults.leaseTtlMs };
  const ownership = await takeOwnership(deps, applicant);
  if (ownership.kind === 'owned') return { kind: 'owned', address: ownership.address };
  try {
    if (raw === undefined) {
      const gone = await dropBeforeForGood({ storage, store, stream }, choice.dropBefore!);
      return { kind: 'dropped', done: gone, aside: undefined };
    }
    const drop = { ...deps, stream, raw, permit: ownership.permit };
    const done: string[] = [];
    let aside: string | undefined;
    for (const [at, act] of [
      [choice.dropBefore, dropBefore],
      [choice.dropAfter, dropAfter],
    ] as const) {
      if (at === undefined) continue;
      const dropped = await act(drop, at);
      done.push(...dropped.done);
      aside ??= dropped.aside;
    }
    return { kind: 'dropped', done, aside };
  } finally {
    await releaseOwnership(store, applicant).catch(() => undefined);
  }
}

function tokenOf({ random }: RepairDeps): string {
  return random.uuid().replaceAll('-', '').slice(0, 16);
}
