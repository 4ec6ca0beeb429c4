import { formatPosition, fromWire, type Position } from '../dlog-client/index.ts';
import type { StreamResponse } from '../rpc/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import { asked, openDlog, say, streamName } from './dlog-client.ts';
import { visible } from './visible.ts';

export type Flags = CommonFlags & { readonly json?: true };

export interface CreateFlags extends Flags {
  readonly durability?: string;
  readonly compression?: string;
  readonly segmentBytes?: number;
  readonly segmentMs?: number;
  readonly retentionMs?: number;
  readonly retentionBytes?: number;
}

export async function createStream(world: CommandWorld, name: string, flags: CreateFlags): Promise<number> {
  const stream = streamName(name);
  const client = await openDlog(world, flags);
  const asLong = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
  const { durability, compression } = flags;
  const settings = {
    ...{ durability, compression },
    segmentBytes: asLong(flags.segmentBytes),
    segmentAgeMs: asLong(flags.segmentMs),
    retentionMs: asLong(flags.retentionMs),
    retentionBytes: asLong(flags.retentionBytes),
  };
  await asked(client.create(stream, settings));
  say(world, flags, { stream, created: true }, `Created stream: ${stream}`);
  return 0;
}

export async function deleteStream(world: CommandWorld, name: string, flags: Flags): Promise<number> {
  const stream = streamName(name);
  const client = await openDlog(world, flags);
  await asked(client.delete(stream));
  say(world, flags, { stream, deleted: true }, `Deleted stream: ${stream}`);
  return 0;
}

export async function listStreams(world: CommandWorld, namespace: string, flags: Flags): Promise<number> {
  const client = await openDlog(world, flags);
  const streams = await asked(client.list(namespace));
  const text = streams.length === 0 ? `No streams in ${namespace}.` : streams.map(visible).join('\n');
  say(world, flags, streams, text);
  return 0;
}

export async function showStream(world: CommandWorld, name: string, flags: Flags): Promise<number> {
  const client = await openDlog(world, flags);
  const found = streamRow(await asked(client.describe(streamName(name))));
  say(world, flags, found, streamText(found));
  return 0;
}

export async function truncateStream(
  world: CommandWorld,
  { name, position }: { readonly name: string; readonly position: Position },
  flags: Flags,
): Promise<number> {
  const stream = streamName(name);
  const client = await openDlog(world, flags);
  const begin = formatPosition(await asked(client.truncate(stream, position)));
  say(world, flags, { stream, begin }, `${stream} begins at ${begin}`);
  return 0;
}

export async function sealStream(world: CommandWorld, name: string, flags: Flags): Promise<number> {
  const stream = streamName(name);
  const client = await openDlog(world, flags);
  await asked(client.seal(stream));
  say(world, flags, { stream, ended: true }, `Ended stream: ${stream}`);
  return 0;
}

export async function releaseStream(world: CommandWorld, name: string, flags: Flags): Promise<number> {
  const stream = streamName(name);
  const client = await openDlog(world, flags);
  await asked(client.release(stream));
  say(world, flags, { stream, released: true }, `Released stream: ${stream}`);
  return 0;
}

/** Lists the owners of one namespace, or of all. */
export async function listOwners(
  world: CommandWorld,
  namespace: string | undefined,
  flags: Flags,
): Promise<number> {
  const client = await openDlog(world, flags);
  const namespaces = namespace === undefined ? await asked(client.namespaces()) : [namespace];
  const rows: { readonly stream: string; readonly owner: string; readonly leaseLeftMs: number }[] = [];
  for (const each of namespaces)
    for (const { stream, owner, leaseLeftMs } of await asked(client.owners(each)))
      rows.push({ stream, owner, leaseLeftMs: Number(leaseLeftMs) });
  const width = Math.max(6, ...rows.map(({ stream }) => stream.length)) + 2;
  const lines = rows.map(
    ({ stream, owner, leaseLeftMs }) =>
      `${visible(stream).padEnd(width)}${visible(owner).padEnd(24)}${String(leaseLeftMs).padStart(14)}`,
  );
  const head = `${'Stream'.padEnd(width)}${'Owner'.padEnd(24)}${'Lease left, ms'.padStart(14)}`;
  say(world, flags, rows, rows.length === 0 ? 'No stream has an owner.' : [head, ...lines].join('\n'));
  return 0;
}

interface StreamRow {
  readonly stream: string;
  readonly next: string;
  readonly ended: boolean;
  readonly owner: string | null;
  /** Writes beyond the stream's soft quota that this gateway accepted. */
  readonly recordsOverQuota: number;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly segments: readonly {
    readonly segment: number;
    readonly epoch: number;
    readonly sealed: boolean;
    readonly entries: number | null;
    readonly records: number | null;
    readonly bytes: number | null;
  }[];
}

function streamRow(found: StreamResponse): StreamRow {
  const { name, nextDlsn, isEnded, owner, recordsOverQuota, segments, settings } = found;
  const set = Object.entries(settings ?? {}) as [string, string | bigint | undefined][];
  return {
    stream: name!,
    next: formatPosition(fromWire(nextDlsn!)),
    ended: isEnded === true,
    owner: owner ?? null,
    recordsOverQuota: Number(recordsOverQuota ?? 0),
    settings: Object.fromEntries(
      set.flatMap(([key, value]) =>
        value === undefined ? [] : [[key, typeof value === 'bigint' ? Number(value) : value]],
      ),
    ),
    segments: (segments ?? []).map((each) => ({
      segment: Number(each.lssn),
      epoch: Number(each.epoch),
      sealed: each.isSealed,
      // Known once the segment is sealed.
      entries: each.isSealed ? Number(each.entries) : null,
      records: each.isSealed ? Number(each.records) : null,
      bytes: each.isSealed ? Number(each.bytes) : null,
    })),
  };
}

function streamText(found: StreamRow): string {
  const { stream, next, ended, owner, recordsOverQuota, segments, settings } = found;
  const ownership = owner === null ? 'no owner' : `owned by ${owner}`;
  const head = `${stream}: next record at ${next}, ${ended ? 'ended' : ownership}`;
  const set = Object.entries(settings).map(([key, value]) => `${key}: ${value}`);
  const cell = (value: number | string | null): string => String(value ?? '-').padStart(12);
  const rows = segments.map((each) =>
    [each.segment, each.sealed ? 'sealed' : 'open', each.entries, each.records, each.bytes]
      .map(cell)
      .join(''),
  );
  const table = [['Segment', 'State', 'Entries', 'Records', 'Bytes'].map(cell).join(''), ...rows];
  const over = recordsOverQuota === 0 ? [] : [`${recordsOverQuota} records above its soft quota`];
  return [head, ...over, ...(set.length === 0 ? [] : [set.join(', ')]), ...table].join('\n');
}
