import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Clock, errorCode, waitFor } from '../base/index.ts';
import { isSameProcess, processStart } from '../child/index.ts';

/**
 * Held while a server is looked for and started: two gateways that start in one directory at the same time
 * must not start two servers over the same files. A lock whose holder is dead is anyone's. Rejects with
 * `TIMED_OUT` after 10 s.
 */
export async function lockFile(
  file: string,
  options: { readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<Disposable> {
  const own = `${process.pid} ${processStart(process.pid) ?? '0'}`;
  await waitFor(`the lock ${file}`, () => tryLock(file, own), { ...options, limitMs: 10_000 });
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

function tryLock(file: string, own: string): true | undefined {
  // Written aside and linked: a lock never exists without its holder's name in it.
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, own);
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const [pid, start] = readHolder(file);
  if (start !== undefined && !isSameProcess(Number(pid), start)) rmSync(file, { force: true });
  return undefined;
}

function readHolder(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(' ');
  } catch {
    return [];
  }
}
