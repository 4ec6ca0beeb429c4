import { type Clock, describeError, type Logger } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { type AssignmentRecord, keys, RecordStore } from '../../records/index.ts';
import { RecordGuard } from '../spec/index.ts';

export interface AssignmentWatchDeps {
  readonly topologyId: string;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Each time the record was read; not of one without containers, which tells nobody to go. */
  readonly onAssignment: (assignment: AssignmentRecord) => void;
}

/** Even without a notification the store is asked this often: one may be lost with the connection. */
const askEveryMs = 10_000;

/** Follows what the scheduler has assigned to a topology. A store that is away or a damaged record changes nothing. */
export class AssignmentWatch {
  readonly #deps: AssignmentWatchDeps;
  readonly #guard: RecordGuard;
  #watch: AsyncDisposable | undefined;
  #timer: Disposable | undefined;
  #asking: Promise<void> | undefined;
  #mustAskAgain = false;
  #isClosed = false;

  constructor(deps: AssignmentWatchDeps) {
    this.#deps = deps;
    this.#guard = new RecordGuard(deps.log, keys.assignment(deps.topologyId).path);
  }

  /** Resolves when the record has been asked for once. Never rejects. */
  async start(): Promise<void> {
    this.#timer = this.#deps.clock.every(askEveryMs, () => void this.ask());
    await this.#openWatch();
    await this.ask();
  }

  /** Looks again; resolves when it has. One question at a time. Never rejects. */
  async ask(): Promise<void> {
    this.#mustAskAgain = true;
    this.#asking ??= this.#ask();
    await this.#asking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#asking;
    await this.#watch?.[Symbol.asyncDispose]();
  }

  async #openWatch(): Promise<void> {
    const { store, topologyId, log } = this.#deps;
    try {
      this.#watch = await store.watch(keys.assignment(topologyId).path, () => void this.ask());
    } catch (error) {
      log.warn({ event: 'assignment.not-watched', reason: describeError(error) });
    }
  }

  async #ask(): Promise<void> {
    const { store, topologyId, log, onAssignment } = this.#deps;
    if (this.#watch === undefined && !this.#isClosed) await this.#openWatch();
    while (this.#mustAskAgain && !this.#isClosed) {
      this.#mustAskAgain = false;
      try {
        const found = await new RecordStore(store).read(keys.assignment(topologyId));
        if (found === undefined || this.#hasClosed()) continue;
        const assignment = this.#guard.pass(found);
        if (assignment !== undefined && assignment.plan.containers.length > 0) onAssignment(assignment);
      } catch (error) {
        log.debug({ event: 'assignment.not-read', reason: describeError(error) });
      }
    }
    this.#asking = undefined;
  }

  #hasClosed(): boolean {
    return this.#isClosed;
  }
}
