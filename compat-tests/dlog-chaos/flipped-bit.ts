import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RandomSource } from '../../src/base/index.ts';
import type { SegmentInfo } from '../../src/rpc/index.ts';
import type { ReadRun } from '../../src/testing/dlog/history.ts';
import { ReadFailure, readAll } from './tailer.ts';

/** Flips one bit of a sealed segment that has records; answers where. */
export function flipBit(
  directory: string,
  segments: readonly SegmentInfo[],
  random: RandomSource,
): string | undefined {
  const sealed = segments.filter(({ isSealed, records }) => isSealed && records > 0n);
  const chosen = sealed[Math.floor(random.next() * sealed.length)];
  if (chosen === undefined) return undefined;
  const segmentsDir = join(directory, 'segments');
  const name = readdirSync(segmentsDir).find(
    (each) => each.endsWith('.log') && Number(each.slice(0, -4)) === Number(chosen.lssn),
  )!;
  const at = Math.floor(random.next() * Number(chosen.bytes));
  const bit = Math.floor(random.next() * 8);
  const file = openSync(join(segmentsDir, name), 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    byte[0]! ^= 1 << bit;
    writeSync(file, byte, 0, 1, at);
  } finally {
    closeSync(file);
  }
  return `bit ${bit} of byte ${at} of ${name}`;
}

/**
 * What is wrong with how a log with a flipped bit is read: it must say so, after nothing but what was there.
 */
export async function readDamaged(port: number, stream: string, whole: ReadRun): Promise<string[]> {
  const text = (run: ReadRun): string => JSON.stringify(run);
  try {
    const found = await readAll(port, stream, whole.at(-1)!.id);
    return [
      `a flipped bit was not seen: ${found.length} of ${whole.length} records were read without an error`,
    ];
  } catch (error) {
    if (!(error instanceof ReadFailure)) throw error;
    const isPrefix = text(error.before) === text(whole.slice(0, error.before.length));
    const isNamed = error.message.startsWith('LOG_READ_ERROR');
    return [
      ...(isPrefix ? [] : [`a flipped bit changed what was read before the error: ${error.message}`]),
      ...(isNamed ? [] : [`a flipped bit gave another error: ${error.message}`]),
    ];
  }
}
