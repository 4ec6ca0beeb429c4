import { GatewayError } from '../base/index.ts';
import { formatPosition, type TailFrom } from '../dlog-client/index.ts';
import { logNamespace, logStreamPrefix, logSubscriber } from '../topology/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import { asked, openDlog, say } from './dlog-client.ts';

export interface RewindFlags extends CommonFlags {
  readonly to: TailFrom;
  readonly partition?: number;
  readonly json?: true;
}

/**
 * Sets where a topology resumes a durable stream, in all partitions or in one. A running topology applies it
 * within one second: its source forgets in-flight tuples and resumes there.
 */
export async function rewindStream(
  world: CommandWorld,
  given: { readonly topology: string; readonly stream: string },
  flags: RewindFlags,
): Promise<number> {
  const client = await openDlog(world, flags);
  const namespace = logNamespace(given.topology);
  const names = (await asked(client.list(namespace))).map((name) => name.slice(name.indexOf('/') + 1));
  const partitions = partitionsOf(names, given);
  const chosen =
    flags.partition === undefined ? partitions : partitions.slice(flags.partition, flags.partition + 1);
  if (chosen.length === 0)
    throw new GatewayError(
      'STREAM_UNKNOWN',
      `${given.stream} of ${given.topology} has ${partitions.length} partitions, numbered from 0: partition ${flags.partition} does not exist`,
    );
  const isPosition = typeof flags.to === 'object' && 'segment' in flags.to;
  if (isPosition && chosen.length > 1)
    throw new GatewayError(
      'STREAM_INVALID',
      `a position belongs to one partition, and ${given.stream} has ${chosen.length}: choose one with --partition, or give a time`,
    );
  const moved: { readonly stream: string; readonly next: string }[] = [];
  for (const name of chosen) {
    const stream = `${namespace}/${name}`;
    const next = await asked(client.moveSubscriber(stream, logSubscriber, flags.to));
    moved.push({ stream, next: formatPosition(next) });
  }
  const text = moved.map(({ stream, next }) => `${stream} resumes at ${next}`).join('\n');
  say(world, flags, moved, text);
  return 0;
}

/** `component` means its default stream; ids may contain dots. Ordered by partition number. */
function partitionsOf(
  names: readonly string[],
  { topology, stream }: { readonly topology: string; readonly stream: string },
): readonly string[] {
  const dots = [...stream.matchAll(/\./g)].map(({ index }) => index);
  const readings = [
    [stream, 'default'] as const,
    ...dots.map((at) => [stream.slice(0, at), stream.slice(at + 1)] as const),
  ];
  for (const [component, streamId] of readings) {
    const prefix = logStreamPrefix(component, streamId);
    const found = names.filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)));
    if (found.length > 0) return found.sort((one, other) => numberOf(one) - numberOf(other));
  }
  const known = names.length === 0 ? 'nothing of it' : names.join(', ');
  throw new GatewayError(
    'STREAM_UNKNOWN',
    `topology ${topology} has no durable stream ${stream}: the log has ${known}`,
  );
}

function numberOf(name: string): number {
  return Number(name.slice(name.lastIndexOf('.') + 1));
}
