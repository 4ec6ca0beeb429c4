import { isUtf8 } from 'node:buffer';
import { errorCode, GatewayError } from '../base/index.ts';
import type { ReadFrom, ReadRecord, ReadResponse } from '../rpc/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import { DlogClient, streamName, wentAway } from './dlog-client.ts';
import { positionOf, positionText } from './dlog-position.ts';

export interface TailFlags extends CommonFlags {
  readonly from: ReadFrom;
  readonly follow: boolean;
  readonly raw?: true;
  readonly json?: true;
}

/** How long the gateway lets one read wait where there is nothing new. */
const waitMs = 10_000;
const recordsMax = 1000;
const bytesMax = 512 * 1024;

/** Prints the records of a stream, and goes on as they are committed. Ends where the stream was ended, or, told not to follow, at its end. */
export async function tailStream(world: CommandWorld, name: string, flags: TailFlags): Promise<number> {
  const stream = streamName(name);
  using client = await DlogClient.open(world, flags);
  let { from } = flags;
  let printed = 'nothing was printed';
  for (;;) {
    const request = { stream, from, recordsMax, bytesMax, waitMs: flags.follow ? waitMs : 0 };
    const answer = await client
      .settled(stream, (call) => call.read(request))
      .catch((error: unknown): ReadResponse => {
        throw isGone(error) ? wentAway(error, printed) : error;
      });
    client.progressed();
    const records = answer.records ?? [];
    if (answer.moved === true)
      world.err(`what lay before ${positionText(answer.next!)} was cut off: reading goes on there\n`);
    if (records.length > 0) {
      world.out(records.map((record) => lineOf(record, flags)).join(''));
      printed = `${positionText(records.at(-1)!.dlsn)} was printed last`;
    }
    if (answer.isEnd === true) return 0;
    if (!flags.follow && records.length === 0 && answer.moved !== true) return 0;
    from = { kind: 'dlsn', value: answer.next! };
  }
}

/** `start`, `end`, a position or a time; undefined for anything else. */
export function parseFrom(text: string): ReadFrom | undefined {
  if (text === 'start') return { kind: 'earliest', value: true };
  if (text === 'end') return { kind: 'latest', value: true };
  const dlsn = positionOf(text);
  if (dlsn !== undefined) return { kind: 'dlsn', value: dlsn };
  const timeMs = /^\d{1,15}$/.test(text)
    ? Number(text)
    : /^\d{4}-\d\d/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : { kind: 'timeMs', value: BigInt(timeMs) };
}

function lineOf({ dlsn, transactionId, sequenceId, payload }: ReadRecord, flags: TailFlags): string {
  if (flags.raw === true) return `${payload.toString()}\n`;
  const position = positionText(dlsn);
  if (flags.json !== true) return `${position}\t${payload.toString()}\n`;
  const body = isUtf8(payload) ? { text: payload.toString() } : { base64: payload.toString('base64') };
  const numbers = { transactionId: Number(transactionId), sequenceId: Number(sequenceId) };
  return `${JSON.stringify({ dlsn: position, ...numbers, ...body })}\n`;
}

function isGone(error: unknown): boolean {
  return error instanceof GatewayError && ['CONNECTION_CLOSED', 'TIMED_OUT'].includes(errorCode(error)!);
}
