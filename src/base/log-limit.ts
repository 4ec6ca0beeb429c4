import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/** This many lines of one key may come at once; then the pause between two lines doubles up to `pauseMsMax`. */
const burst = 3;
const pauseMsMin = 1000;
const pauseMsMax = 10_000;
/** Beyond this number of keys, all further peers share one entry for each event. */
const keysMax = 1000;

interface Entry {
  lines: number;
  pauseMs: number;
  nextAtMs: number;
  repeated: number;
}

/**
 * Decides which log lines to write when a peer can cause them at will: for each event and peer three lines at once, then one a
 * second, slowing down to one every 10 s while more keep coming. Its memory is bounded.
 */
export class LineLimiter {
  readonly #entries = new Map<string, Entry>();
  #forgotAtMs = Number.NEGATIVE_INFINITY;

  /** Undefined: the line is left out. Otherwise the number of lines left out since the last one that was written. */
  take(event: string, peer: string, nowMs: number): { readonly repeated: number } | undefined {
    const entry = this.#entryOf(event, peer, nowMs);
    if (nowMs < entry.nextAtMs && entry.lines >= burst) {
      entry.repeated += 1;
      return undefined;
    }
    if (nowMs >= entry.nextAtMs) {
      const isContinued = entry.repeated > 0;
      entry.pauseMs = isContinued ? Math.min(pauseMsMax, 2 * entry.pauseMs) : pauseMsMin;
      entry.nextAtMs = nowMs + entry.pauseMs;
      entry.lines = isContinued ? burst : 1;
    } else entry.lines += 1;
    const { repeated } = entry;
    entry.repeated = 0;
    return { repeated };
  }

  get size(): number {
    return this.#entries.size;
  }

  #entryOf(event: string, peer: string, nowMs: number): Entry {
    const key = `${event} ${peer}`;
    const found = this.#entries.get(key);
    if (found !== undefined) return found;
    if (this.#entries.size >= keysMax) this.#forget(nowMs);
    const isFull = this.#entries.size >= keysMax;
    if (isFull && peer !== othersPeer) return this.#entryOf(event, othersPeer, nowMs);
    const made = { lines: 0, pauseMs: pauseMsMin, nextAtMs: Number.NEGATIVE_INFINITY, repeated: 0 };
    this.#entries.set(key, made);
    return made;
  }

  /** Drops peers that have been quiet. At most once a second: it looks at every entry. */
  #forget(nowMs: number): void {
    if (nowMs - this.#forgotAtMs < pauseMsMin) return;
    this.#forgotAtMs = nowMs;
    for (const [key, entry] of this.#entries)
      if (nowMs >= entry.nextAtMs + pauseMsMax) this.#entries.delete(key);
  }
}

const othersPeer = 'others';

/**
 * A logger that limits lines with the field `remoteAddress` by event and address ({@link LineLimiter}). The field `repeated` of a
 * line says how many lines like it were left out before it. Lines without an address pass unchanged.
 */
export function limitedByPeer(log: Logger, clock: Clock): Logger {
  const limiter = new LineLimiter();
  const wrap = (target: Logger): Logger => {
    const pass =
      (write: (fields: { readonly event: string }) => void) =>
      (fields: { readonly event: string } & Readonly<Record<string, unknown>>): void => {
        const peer = fields['remoteAddress'];
        const line =
          typeof peer === 'string' ? limiter.take(fields.event, peer, clock.monotonicMs()) : { repeated: 0 };
        if (line !== undefined) write(line.repeated === 0 ? fields : { ...fields, ...line });
      };
    return {
      debug: pass((fields) => target.debug(fields)),
      info: pass((fields) => target.info(fields)),
      warn: pass((fields) => target.warn(fields)),
      error: pass((fields) => target.error(fields)),
      child: (more) => wrap(target.child(more)),
    };
  };
  return wrap(log);
}
