/**
 * How fast a spout may emit while a task downstream is sometimes under pressure. Pure: time, counts and loads
 * come as events. Additive increase, multiplicative decrease:
 *
 *             pressured                 relieved
 *   open ────────────────> held ─────────────────────> paced ──(its rate no longer limits it)──> open
 *                            ^                           │
 *                            └───────── pressured ───────┘
 *
 * held    nothing is emitted; the slow task has half a queue to work on. paced   begins at the rate that the
 * slow task has really taken: what was emitted over the whole cycle, from one relief to the next, divided by
 * its time. It rises by steps, is halved when the fullest queue downstream is nearly full and still filling,
 * and rises ever faster while no queue downstream is even half full.
 *
 * So a bolt that stays slow is fed evenly instead of in bursts, and one that has recovered at full speed
 * within seconds.
 */
export interface PaceState {
  readonly mode: 'open' | 'held' | 'paced';
  /** The time up to which everything here is true. */
  readonly atMs: number;
  /** When the cycle began that the rate is measured over, and what was emitted in it. */
  readonly cycleSinceMs: number;
  readonly cycleEmits: number;
  /** paced: tuples a second, by how much that grows each second, and since when the growth may speed up. */
  readonly perSec: number;
  readonly stepPerSec: number;
  readonly calmSinceMs: number;
  /** paced: what may be emitted now; below 0 when more was emitted than allowed. */
  readonly tokens: number;
  /** paced: since when the rate has not limited the spout. */
  readonly idleSinceMs: number;
  /** Fullness of the fullest queue downstream, 0..1; 0 while nothing was said. */
  readonly load: number;
}

/** `emits`: tuples emitted since the event before. */
export type PaceEvent = { readonly nowMs: number; readonly emits: number } & (
  | { readonly kind: 'pressured' | 'relieved' | 'tick' }
  | { readonly kind: 'load'; readonly load: number }
);

const perSecMin = 1;
/** A rate above this is none. */
const perSecMax = 10_000_000;
/** What the rate grows by in a second at first, as a share of it. */
const stepShare = 0.1;
/** The step doubles each time so long has passed with queues below `loadCalm`. */
const stepDoublesMs = 1000;
const loadCalm = 0.45;
/** From here on a queue that still fills halves the rate; 1 is its high mark. */
const loadHigh = 0.7;
/** What may be saved up, in time. */
const burstMs = 100;
/** A spout that its rate has not limited for this long is open again. */
const openAfterMs = 5000;
/** An open spout's rate is measured over about this long. */
const openCycleMs = 10_000;

export function openPace(nowMs: number): PaceState {
  return {
    mode: 'open',
    atMs: nowMs,
    cycleSinceMs: nowMs,
    cycleEmits: 0,
    perSec: 0,
    stepPerSec: 0,
    calmSinceMs: nowMs,
    tokens: 0,
    idleSinceMs: nowMs,
    load: 0,
  };
}

export function mayEmit(state: PaceState): boolean {
  return state.mode === 'open' || (state.mode === 'paced' && state.tokens > 0);
}

/** How long until {@link mayEmit} can turn true by time alone; undefined when only a relief can do it. */
export function waitMs(state: PaceState): number | undefined {
  if (state.mode === 'held') return undefined;
  return mayEmit(state) ? 0 : Math.ceil((1000 * (1 - state.tokens)) / state.perSec);
}

export function stepPace(before: PaceState, event: PaceEvent): PaceState {
  const state = advance(before, event.nowMs, event.emits);
  switch (event.kind) {
    case 'pressured':
      return state.mode === 'held' ? state : { ...state, mode: 'held', tokens: 0 };
    case 'relieved':
      return state.mode === 'held' ? relieve(state) : state;
    case 'load':
      return hearLoad(state, event.load);
    case 'tick':
      return settle(state);
  }
}

/** Lets time pass and counts what was emitted. */
function advance(state: PaceState, nowMs: number, emits: number): PaceState {
  const atMs = Math.max(state.atMs, nowMs);
  const passedSecs = (atMs - state.atMs) / 1000;
  const counted = { ...state, atMs, cycleEmits: state.cycleEmits + emits };
  if (state.mode !== 'paced') return counted;
  const doublings = Math.floor((atMs - state.calmSinceMs) / stepDoublesMs);
  const isCalm = state.load < loadCalm;
  const step = state.load >= loadHigh ? 0 : state.stepPerSec * (isCalm ? 2 ** Math.min(doublings, 30) : 1);
  const perSec = Math.min(perSecMax, state.perSec + step * Math.min(passedSecs, 1));
  const burst = Math.max(1, (perSec * burstMs) / 1000);
  const tokens = Math.min(burst, state.tokens + perSec * passedSecs) - emits;
  // Less than half a burst left means that it was used: the rate may have limited it.
  const idleSinceMs = tokens < burst / 2 ? atMs : state.idleSinceMs;
  return { ...counted, perSec, tokens, idleSinceMs, calmSinceMs: isCalm ? state.calmSinceMs : atMs };
}

function relieve(state: PaceState): PaceState {
  const cycleSecs = Math.max(state.atMs - state.cycleSinceMs, 1) / 1000;
  const perSec = Math.min(perSecMax, Math.max(perSecMin, state.cycleEmits / cycleSecs));
  const { atMs, load } = state;
  return { ...openPace(atMs), mode: 'paced', perSec, stepPerSec: perSec * stepShare, tokens: 1, load };
}

function hearLoad(state: PaceState, load: number): PaceState {
  const isFilling = load >= loadHigh && load > state.load;
  if (state.mode !== 'paced' || !isFilling) return { ...state, load };
  const perSec = Math.max(perSecMin, state.perSec / 2);
  return { ...state, load, perSec, stepPerSec: perSec * stepShare };
}

function settle(state: PaceState): PaceState {
  if (state.mode === 'paced') {
    const isFree = state.perSec >= perSecMax || state.atMs - state.idleSinceMs >= openAfterMs;
    return isFree ? { ...state, mode: 'open' } : state;
  }
  const cycleMs = state.atMs - state.cycleSinceMs;
  if (state.mode !== 'open' || cycleMs <= openCycleMs) return state;
  return { ...state, cycleSinceMs: state.atMs - cycleMs / 2, cycleEmits: state.cycleEmits / 2 };
}
