import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/**
 * This many lines of one key may come at once; then the pause between two lines doubles up to `pauseMsMax`.
 */
const burst = 3;
const pauseMsMin = 1000;
const pauseMsMax = 10_000;
/** Beyond this number of keys, all further peers share one entry for each event. */
const keysMax = 1000;

interface Entry {
  readonly event: string;
  readonly peer: string;
  lines: number;
  pauseMs: number;
  nextAtMs: number;
  repeated: number;
}

/** What was left out for one event and peer. */
export interface LeftOut {
  readonly event: string;
  readonly peer: string;
  readonly repeated: number;
}

/**
 * Decides which log lines to write when a peer can cause them at will: for each event and peer three lines at
 * once, then one a second, slowing down to one every 10 s while more keep coming. Its memory is bounded.
 */
export class LineLimiter {
  /** Entries with lines that were left out since the last one that was written. */
  #waiting = 0;
  readonly #entries = new Map<string, Entry>();
  #forgotAtMs = Number.NEGATIVE_INFINITY;

  /**
   * Undefined: the line is left out. Otherwise the number of lines left out since the last one that was
   * written.
   */
  take(event: string, peer: string, nowMs: number): { readonly repeated: number } | undefined {
    const entry = this.#entryOf(event, peer, nowMs);
    if (nowMs < entry.nextAtMs && entry.lines >= burst) {
      if (entry.repeated === 0) this.#waiting += 1;
      entry.repeated += 1;
      return undefined;
    }
    if (nowMs >= entry.nextAtMs) return { repeated: this.#next(entry, nowMs) };
    entry.lines += 1;
    return { repeated: 0 };
  }

  /**
   * Lines that were left out and that no line has followed, `graceMs` after one could have: to be reported
   * now. Each report counts as a line of its event and peer.
   */
  leftOut(nowMs: number, graceMs = pauseMsMin): readonly LeftOut[] {
    if (this.#waiting === 0) return [];
    const found: LeftOut[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.repeated === 0 || nowMs < entry.nextAtMs + graceMs) continue;
      const { event, peer } = entry;
      found.push({ event, peer, repeated: this.#next(entry, nowMs) });
    }
    return found;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Begins the pause after a line. Answers how many were left out before it. */
  #next(entry: Entry, nowMs: number): number {
    const { repeated } = entry;
    const isContinued = repeated > 0;
    entry.pauseMs = isContinued ? Math.min(pauseMsMax, 2 * entry.pauseMs) : pauseMsMin;
    entry.nextAtMs = nowMs + entry.pauseMs;
    entry.lines = isContinued ? burst : 1;
    entry.repeated = 0;
    if (isContinued) this.#waiting -= 1;
    return repeated;
  }

  #entryOf(event: string, peer: string, nowMs: number): Entry {
    const key = `${event} ${peer}`;
    const found = this.#entries.get(key);
    if (found !== undefined) return found;
    if (this.#entries.size >= keysMax) this.#forget(nowMs);
    const isFull = this.#entries.size >= keysMax;
    if (isFull && peer !== othersPeer) return this.#entryOf(event, othersPeer, nowMs);
    const made = {
      event,
      peer,
      lines: 0,
      pauseMs: pauseMsMin,
      nextAtMs: Number.NEGATIVE_INFINITY,
      repeated: 0,
    };
    this.#entries.set(key, made);
    return made;
  }

  /** Drops peers that have been quiet. At most once a second: it looks at every entry. */
  #forget(nowMs: number): void {
    if (nowMs - this.#forgotAtMs < pauseMsMin) return;
    this.#forgotAtMs = nowMs;
    for (const [key, entry] of this.#entries)
      if (entry.repeated === 0 && nowMs >= entry.nextAtMs + pauseMsMax) this.#entries.delete(key);
  }
}

const othersPeer = 'others';

const reportEveryMs = 1000;

type Write = (fields: { readonly event: string } & Readonly<Record<string, unknown>>) => void;

/**
 * A logger that limits lines with the field `remoteAddress` by event and address ({@link LineLimiter}). The
 * field `repeated` of a line says how many lines like it were left out before it; where no line follows, a
 * line `lines.left-out` with the event in `of` says so up to two seconds after the time for the next one.
 * Lines without an address pass unchanged. Its creator must dispose of it, which reports what is left and
 * stops its timer.
 */
export function limitedByPeer(log: Logger, clock: Clock): Logger & Disposable {
  const limiter = new LineLimiter();
  /** By event: as its newest line was written. */
  const writers = new Map<string, Write>();
  const pass =
    (write: Write): Write =>
    (fields) => {
      const peer = fields['remoteAddress'];
      if (typeof peer !== 'string') {
        write(fields);
        return;
      }
      const line = limiter.take(fields.event, peer, clock.monotonicMs());
      if (line === undefined) writers.set(fields.event, write);
      else write(line.repeated === 0 ? fields : { ...fields, ...line });
    };
  const wrap = (target: Logger): Logger => ({
    debug: pass((fields) => target.debug(fields)),
    info: pass((fields) => target.info(fields)),
    warn: pass((fields) => target.warn(fields)),
    error: pass((fields) => target.error(fields)),
    child: (more) => wrap(target.child(more)),
  });
  const report = (graceMs?: number): void => {
    for (const { event: of, peer: remoteAddress, repeated } of limiter.leftOut(clock.monotonicMs(), graceMs))
      writers.get(of)?.({ event: 'lines.left-out', of, remoteAddress, repeated });
  };
  const timer = clock.every(reportEveryMs, () => report());
  return {
    ...wrap(log),
    [Symbol.dispose]: () => {
      timer[Symbol.dispose]();
      report(Number.NEGATIVE_INFINITY);
    },
  };
}
