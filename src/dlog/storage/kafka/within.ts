import { type Clock, deferred } from '../../../base/index.ts';

/**
 * Resolves when all have been closed, successfully or not, or after a limit. Whatever is not closed by then
 * is abandoned.
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
