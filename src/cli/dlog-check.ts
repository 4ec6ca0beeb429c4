import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GatewayError, systemClock, systemRandom } from '../base/index.ts';
import type { DlogClient, Position } from '../dlog-client/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import { asked, openDlog, say, streamName } from './dlog-client.ts';
import { isGatewayRunning } from './endpoints.ts';
import { visible } from './visible.ts';

export interface CheckFlags extends CommonFlags {
  readonly json?: true;
  readonly directory?: string;
}

export interface RepairFlags extends CommonFlags {
  readonly json?: true;
  readonly dropAfter?: Position;
  readonly dropBefore?: Position;
}

interface Row {
  readonly stream: string;
  readonly kind: 'damage' | 'repairable' | 'note';
  readonly file: string;
  readonly place: string;
  readonly meaning: string;
}

interface Part {
  readonly findings: readonly Omit<Row, 'stream'>[];
  readonly segments: number;
  readonly records: number;
  readonly bytes: number;
  readonly next: number | undefined;
}

/** Streams, and how one part of a stream is checked: by a gateway, or by this process. */
interface Source {
  readonly streams: readonly string[];
  readonly check: (stream: string, from: number) => Promise<Part>;
}

/** Returns 1 if it finds a fault. `what` is a stream, a namespace or `all`. */
export async function checkStreams(world: CommandWorld, what: string, flags: CheckFlags): Promise<number> {
  const source =
    flags.directory === undefined
      ? await remoteSource(await openDlog(world, flags), what)
      : await localSource(flags.directory, what);
  const rows: Row[] = [];
  const totals = { streams: 0, segments: 0, records: 0, bytes: 0 };
  const progress = new Progress(world);
  for (const stream of source.streams) {
    totals.streams += 1;
    for (let from: number | undefined = 0; from !== undefined; ) {
      const part: Part = await source.check(stream, from);
      rows.push(...part.findings.map((finding) => ({ stream, ...finding })));
      totals.segments += part.segments;
      totals.records += part.records;
      totals.bytes += part.bytes;
      progress.tell(`${stream}: ${totals.segments} segments, ${megabytes(totals.bytes)} checked`);
      from = part.next;
    }
  }
  const wrong = rows.filter(({ kind }) => kind !== 'note').length;
  say(world, flags, { ...totals, wrong, findings: rows }, checkText(rows, totals));
  return wrong === 0 ? 0 : 1;
}

/** Returns 1 if a fault remains. */
export async function repairStream(world: CommandWorld, name: string, flags: RepairFlags): Promise<number> {
  const stream = streamName(name);
  const client = await openDlog(world, flags);
  const { dropAfter, dropBefore } = flags;
  const choice = {
    ...(dropAfter === undefined ? {} : { dropAfter }),
    ...(dropBefore === undefined ? {} : { dropBefore }),
  };
  const ticking = new Progress(world).every(`${stream}: reading and repairing`);
  const {
    done = [],
    left = [],
    aside,
  } = await asked(client.repair(stream, choice)).finally(() => ticking[Symbol.dispose]());
  const rows = left.map(({ kind, ...rest }) => ({ stream, kind: kinds[kind], ...rest }));
  const lines = [
    ...(done.length === 0
      ? ['Nothing could be repaired, or had to be.']
      : done.map((each) => `${stream}: ${each}`)),
    ...(aside === undefined ? [] : [`What was dropped is kept in ${aside}`]),
    ...rows.map(rowText),
    ...(rows.some(({ kind }) => kind === 'damage') ? [dropAdvice(stream)] : []),
  ];
  say(world, flags, { stream, done, aside: aside ?? null, left: rows }, lines.join('\n'));
  return rows.length === 0 ? 0 : 1;
}

/** Rebuilds the state store from the storage. `what` is as in {@link checkStreams}. */
export async function rebuildStreams(
  world: CommandWorld,
  what: string,
  flags: CommonFlags & { readonly json?: true },
): Promise<number> {
  const client = await openDlog(world, flags);
  const progress = new Progress(world);
  const rows: { readonly stream: string; readonly changes: number }[] = [];
  for (const stream of await streamsOf(client, what)) {
    rows.push({ stream, changes: await asked(client.rebuild(stream)) });
    progress.tell(`${rows.length} streams rebuilt`);
  }
  const changes = rows.reduce((sum, row) => sum + row.changes, 0);
  const text = `${rows.length} streams checked, ${changes} records of the state store written or removed`;
  say(world, flags, rows, text);
  return 0;
}

async function remoteSource(client: DlogClient, what: string): Promise<Source> {
  const streams = await streamsOf(client, what);
  const check = async (stream: string, from: number): Promise<Part> => {
    const {
      findings = [],
      segments,
      records,
      bytes,
      nextLssn,
    } = await asked(client.check(stream, BigInt(from)));
    return {
      findings: findings.map(({ kind, ...rest }) => ({ kind: kinds[kind], ...rest })),
      segments: Number(segments),
      records: Number(records),
      bytes: Number(bytes),
      next: nextLssn === undefined ? undefined : Number(nextLssn),
    };
  };
  return { streams, check };
}

const kinds = { DAMAGE: 'damage', REPAIRABLE: 'repairable', NOTE: 'note' } as const;

/**
 * `all`, a stream, or a namespace: a name alone is a namespace if one exists, otherwise a stream in the
 * namespace "default".
 */
async function streamsOf(client: DlogClient, what: string): Promise<readonly string[]> {
  if (what.includes('/')) return [what];
  const namespaces = await asked(client.namespaces());
  if (what !== 'all' && !namespaces.includes(what)) return [streamName(what)];
  const lists = [];
  for (const each of what === 'all' ? namespaces : [what]) lists.push(...(await asked(client.list(each))));
  return lists;
}

/** Reads the files directly. Refuses if a gateway runs there: it can check its state store as well. */
async function localSource(directory: string, what: string): Promise<Source> {
  const root = dlogDirectory(directory);
  const { checkStream, LocalStorage } = await import('../dlog/index.ts');
  const storage = new LocalStorage({ directory: root, random: systemRandom });
  const namespaces = await storage.namespaces();
  const found: string[] = [];
  if (what.includes('/') || (what !== 'all' && !namespaces.includes(what))) found.push(streamName(what));
  else for (const each of what === 'all' ? namespaces : [what]) found.push(...(await storage.streams(each)));
  const check = async (stream: string, from: number): Promise<Part> => {
    const { findings, counts, nextLssn } = await checkStream(stream, storage.raw(stream), from);
    return { findings, ...counts, next: nextLssn };
  };
  return { streams: found, check };
}

/** `<storm.local.dir>` or its `dlog` directory. Throws `STATE_CONFLICT` if a gateway runs there. */
function dlogDirectory(directory: string): string {
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw new GatewayError(
      'STREAM_UNKNOWN',
      `${directory} is not a directory: give storm.local.dir, or the dlog directory in it`,
    );
  const root = existsSync(join(directory, 'dlog')) ? join(directory, 'dlog') : directory;
  const localDir = basename(root) === 'dlog' ? dirname(root) : root;
  if (isGatewayRunning(localDir))
    throw new GatewayError(
      'STATE_CONFLICT',
      `a gateway runs on ${localDir}: check without --directory, which also checks its state store`,
    );
  const entries = readdirSync(root, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  const file = entries.find((entry) => !entry.isDirectory())?.name;
  if (file !== undefined)
    throw new GatewayError(
      'STREAM_UNKNOWN',
      `${root} is not the directory of a log, because it contains the file ${file}: give storm.local.dir, or the dlog directory in it`,
    );
  if (entries.length === 0) throw new GatewayError('STREAM_UNKNOWN', `${root} contains no streams`);
  return root;
}

function checkText(
  rows: readonly Row[],
  totals: {
    readonly streams: number;
    readonly segments: number;
    readonly records: number;
    readonly bytes: number;
  },
): string {
  const { streams, segments, records, bytes } = totals;
  const count = (kind: Row['kind']): number => rows.filter((row) => row.kind === kind).length;
  const head = `${streams} streams, ${segments} segments, ${records} records, ${megabytes(bytes)}: ${count('damage')} damaged, ${count('repairable')} repairable, ${count('note')} notes`;
  const advice = [
    ...(count('repairable') > 0
      ? ['Repairable: "egret dlog repair STREAM" puts it right and loses nothing.']
      : []),
    ...(count('damage') > 0 ? [dropAdvice('STREAM')] : []),
  ];
  return [...rows.map(rowText), head, ...advice].join('\n');
}

function dropAdvice(stream: string): string {
  return `Damage: "egret dlog repair ${stream} --drop-after POSITION" or "--drop-before POSITION" continues without what cannot be read, and moves it aside.`;
}

function rowText({ stream, kind, file, place, meaning }: Row): string {
  return visible(`${kind} ${stream} ${file}${place === '' ? '' : `, ${place}`}: ${meaning}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

const quietMs = 2000;

/** Prints progress to standard error every two seconds. */
class Progress {
  readonly #world: CommandWorld;
  #toldMs = systemClock.monotonicMs();

  constructor(world: CommandWorld) {
    this.#world = world;
  }

  tell(text: string): void {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - this.#toldMs < quietMs) return;
    this.#toldMs = nowMs;
    this.#world.err(`${text}\n`);
  }

  every(text: string): Disposable {
    const beganMs = systemClock.monotonicMs();
    return systemClock.every(quietMs, () =>
      this.#world.err(`${text}, ${Math.round((systemClock.monotonicMs() - beganMs) / 1000)} s\n`),
    );
  }
}
