import type { Clock } from '../base/index.ts';
import { compareDlsn, type DistributedLog } from '../dlog/index.ts';
import type { Refused } from './outcome.ts';

/** A live owner announces within a few milliseconds what is confirmed, or continues to write. */
const lookAgainMs = 50;
const tryAgainMs = 200;
/** A lease expires before these attempts end. */
const triesMax = 30;

/**
 * No entry behind it confirms what a dead owner acknowledged last, so readers see it only after the next
 * owner has taken over. To show it to a reader, this proxy becomes the owner when the end of the stream is
 * open and no other owner writes it. `own` returns undefined, or why it failed. Whatever fails, reading
 * continues with what is confirmed: false means that another attempt may help.
 */
export async function recoverEnd(
  deps: { readonly log: DistributedLog; readonly clock: Clock; readonly signal: AbortSignal },
  stream: string,
  own: () => Promise<Refused | undefined>,
): Promise<boolean> {
  const { log, clock, signal } = deps;
  try {
    let seen = await log.unconfirmedEnd(stream);
    for (let tries = 0; seen !== undefined && tries < triesMax; tries++) {
      await clock.sleep(tries === 0 ? lookAgainMs : tryAgainMs, signal);
      const now = await log.unconfirmedEnd(stream);
      if (now === undefined || compareDlsn(now, seen) !== 0) return true;
      const refusal = await own();
      if (refusal === undefined || !['FOUND', 'STREAM_NOT_READY'].includes(refusal.code))
        return refusal === undefined;
      seen = now;
    }
    return true;
  } catch {
    // The read itself reports what is wrong.
    return false;
  }
}
