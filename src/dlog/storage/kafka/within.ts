import { type Clock, deferred } from '../../../base/index.ts';

/**
 * Resolves when all have been closed, however that went, or after a limit: what does not get done is left
 * behind.
 */
export async function closedWithin(
  clock: Clock,
  limitMs: number,
  closing: readonly (() => Promise<unknown>)[],
): Promise<void> {
  const over = deferred<undefined>();
  const limit = clock.after(limitMs, () => over.resolve(undefined));
  const all = Promise.all(closing.map((close) => close().catch(() => undefined)));
  await Promise.race([all, over.promise]);
  limit[Symbol.dispose]();
}
