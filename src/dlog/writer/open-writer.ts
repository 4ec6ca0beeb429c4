import { type Clock, describeError, type Logger, TaskGroup } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { SegmentCatalogue } from '../ownership/catalogue.ts';
import { type Applicant, releaseOwnership, takeOwnership } from '../ownership/ownership.ts';
import type { CommitHub } from '../reader/commit-hub.ts';
import { parseSettings, writerOptionsOf } from '../settings.ts';
import { checkDurability } from '../storage/faults.ts';
import type { LogStorage } from '../storage/storage.ts';
import { LogWriter } from './log-writer.ts';
import { OpenSegment } from './open-segment.ts';
import { SegmentChain } from './segment-chain.ts';
import { takeOver } from './take-over.ts';
import { type WriterOptions, writerDefaults } from './writer-options.ts';

export interface WriterDeps {
  readonly storage: LogStorage;
  readonly store: StateStore;
  readonly hub: CommitHub;
  readonly clock: Clock;
  readonly log: Logger;
}

export type OpenWriterResult =
  | { readonly kind: 'opened'; readonly writer: LogWriter }
  /** Another owner, at this address, has the stream. */
  | { readonly kind: 'owned'; readonly address: string; readonly remainingMs: number }
  /** The stream was sealed: nothing follows. */
  | { readonly kind: 'ended' };

/**
 * Becomes the owner of the stream. Uses the options in `given`, then the stream's settings, then the
 * defaults. Takes the lease, fences every earlier owner, seals what they left, and begins a segment.
 * Rejects with `STREAM_UNKNOWN`, `STREAM_INVALID` (its settings), `DURABILITY_UNSUPPORTED`,
 * `STATE_UNAVAILABLE`, `LEASE_LOST`, `SEGMENT_FENCED` (another owner was faster), `SEGMENT_CORRUPT` and
 * `LOG_GAP` (an operator must investigate). An abort is checked between those steps.
 */
export async function openWriter(
  deps: WriterDeps,
  stream: { readonly name: string; readonly token: string; readonly signal?: AbortSignal },
  given: Partial<WriterOptions> = {},
): Promise<OpenWriterResult> {
  const { storage, store, hub, clock, log } = deps;
  const settings = parseSettings(stream.name, await storage.settings(stream.name));
  const defaults = { ...writerDefaults, durability: storage.durabilities.at(-1)! };
  const options = { ...defaults, ...writerOptionsOf(settings, defaults), ...given };
  checkDurability(storage, options.durability);
  const { address, leaseTtlMs: ttlMs } = options;
  const applicant: Applicant = { stream: stream.name, token: stream.token, address, ttlMs };
  const ownership = await takeOwnership(deps, applicant);
  if (ownership.kind === 'owned') return ownership;
  try {
    const { permit, leaseEpoch } = ownership;
    stream.signal?.throwIfAborted();
    const end = await takeOver(storage, permit, clock.nowMs());
    if (end.isEnded) {
      await releaseOwnership(store, applicant);
      return { kind: 'ended' };
    }
    stream.signal?.throwIfAborted();
    const current = await OpenSegment.begin(storage, permit, { end, options, nowMs: clock.nowMs() });
    const tasks = new TaskGroup((error) =>
      log.warn({ event: 'dlog.state-store-behind', stream: stream.name, error: describeError(error) }),
    );
    const catalogue = new SegmentCatalogue(store, stream.name);
    const context = { stream: stream.name, options, hub, catalogue, tasks, log };
    const segments = new SegmentChain({ ...context, earlier: end.segments, current });
    const writer = new LogWriter(deps, { options, applicant, permit, leaseEpoch, segments, tasks });
    // Whatever is not removed now is removed by the next owner.
    tasks.add(storage.tidy?.(permit).catch(() => undefined) ?? Promise.resolve());
    return { kind: 'opened', writer };
  } catch (error) {
    await releaseOwnership(store, applicant).catch(() => undefined);
    throw error;
  }
}
