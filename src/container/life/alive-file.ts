import { writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, describeError, type Logger } from '../../base/index.ts';
import { aliveEveryMs, aliveFileName, type ContainerSpec } from '../../records/index.ts';

/**
 * Shows that the container is alive: updates the modification time of a file in its directory once a second
 * while the event loop turns. This needs neither the state store nor a gateway, and any process may check it
 * at any time. A disk that refuses the update is not a fault of the container, which logs it once and
 * continues.
 */
export function keepAliveFile(
  spec: ContainerSpec,
  deps: { readonly clock: Clock; readonly log: Logger },
): Disposable {
  const { clock, log } = deps;
  const file = join(spec.workDir, aliveFileName);
  let isWriting = false;
  let isRefused = false;
  const refused = (error: unknown): void => {
    if (!isRefused) log.warn({ event: 'alive.not-written', file, reason: describeError(error) });
    isRefused = true;
  };
  const touch = async (): Promise<void> => {
    if (isWriting) return;
    isWriting = true;
    try {
      const now = new Date(clock.nowMs());
      await utimes(file, now, now);
      isRefused = false;
    } catch (error) {
      refused(error);
    }
    isWriting = false;
  };
  try {
    writeFileSync(file, '');
  } catch (error) {
    refused(error);
  }
  return clock.every(aliveEveryMs, () => void touch());
}
