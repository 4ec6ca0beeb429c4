import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { killTopology } from './nimbus.ts';
import { submit } from './storm-client.ts';
import { root, target } from './target.ts';

export const textFile = join(root, 'compat-tests', 'texts', 'address.txt');

let counter = 0;

/**
 * Submits a case under a name of its own, hands its recording directory to `check`, and kills it whatever
 * happens. `options` as Compat.java takes them.
 */
export async function withCase(
  caseName: string,
  options: Readonly<Record<string, string | number>>,
  check: (run: { readonly name: string; readonly out: string }) => Promise<void>,
): Promise<void> {
  const { scratch } = await target();
  const name = `${caseName}-${process.pid}-${++counter}`;
  const out = join(scratch, name);
  mkdirSync(out, { recursive: true });
  await submit(name, caseName, { 'compat.out': out, 'compat.text': textFile, ...options });
  try {
    await check({ name, out });
  } finally {
    await killTopology(name, 0);
  }
}
