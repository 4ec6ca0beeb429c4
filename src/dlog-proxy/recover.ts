import type { Clock } from '../base/index.ts';
import { compareDlsn, type DistributedLog } from '../dlog/index.ts';
import type { Refused } from './outcome.ts';

/** A live owner says within a few milliseconds what is confirmed, or writes on. */
const lookAgainMs = 50;
const tryAgainMs = 200;
/** A lease runs out before. */
const triesMax = 30;

/**
 * What a dead owner acknowledged last is confirmed by nothing behind it, and is shown only when the next
 * owner has taken over. So that a reader finds it, this becomes the owner where the end of the stream stands
 * open and nobody goes on there. `own` answers undefined, or why it cannot. Whatever fails, reading goes on
 * with what is confirmed: false says that it is worth another look.
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
    // The read itself says what is wrong.
    return false;
  }
}
