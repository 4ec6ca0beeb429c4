import { errorCode, GatewayError } from '../../../base/index.ts';
import { checkStreamName, streamUnknown } from '../faults.ts';
import { StreamView, type ViewDeps } from './stream-view.ts';

/**
 * The most streams that this process keeps a view of. The view that was unused for longest is closed first.
 */
const viewsMax = 256;
/** How often a view is reopened when its starting point is deleted during the open. */
const openTriesMax = 3;

/** The views of streams in this process, opened on demand. */
export class StreamViews {
  readonly #deps: ViewDeps;
  readonly #topicOf: (stream: string) => string;
  readonly #views = new Map<string, Promise<StreamView>>();

  constructor(deps: ViewDeps, topicOf: (stream: string) => string) {
    this.#deps = deps;
    this.#topicOf = topicOf;
  }

  /** The stream as it is now. Rejects with `STREAM_UNKNOWN`, `STORAGE_UNFIT`, `STORAGE_UNAVAILABLE`. */
  async stream(stream: string): Promise<StreamView> {
    checkStreamName(stream);
    const view = await this.refreshed(stream);
    if (view.fold.origin === undefined) throw streamUnknown(stream);
    return view;
  }

  /** Like `stream`, but rejects if a record is damaged, because the state of the stream is then unknown. */
  async whole(stream: string): Promise<StreamView> {
    const view = await this.stream(stream);
    const [record] = view.fold.unreadable;
    if (record === undefined) return view;
    throw new GatewayError(
      'SEGMENT_CORRUPT',
      `${stream}: record ${record.offset} of its topic ${view.topic} is damaged: ${record.what}; see "egret dlog check ${stream}"`,
      { facts: { stream, topic: view.topic, offset: record.offset } },
    );
  }

  /**
   * The stream as it was when this process last read it; undefined when it did not yet, or its view broke.
   */
  async known(stream: string): Promise<StreamView | undefined> {
    const view = await this.#views.get(stream)?.catch(() => undefined);
    return view?.fault === undefined ? view : undefined;
  }

  /** The stream, whether it was created or not. Reopens a view that broke. */
  async refreshed(stream: string): Promise<StreamView> {
    for (let tries = 1; ; tries++) {
      const view = await this.#view(stream);
      try {
        await view.refresh();
        return view;
      } catch (error) {
        if (tries === openTriesMax)
          throw errorCode(error) === 'STREAM_UNKNOWN' ? streamUnknown(stream, error) : error;
        // The records that it had yet to read may be deleted: a new view begins at a newer checkpoint.
        const isOther = ['STREAM_UNKNOWN', 'LOG_GAP'].includes(errorCode(error) ?? '');
        if (view.fault === undefined && !isOther) throw error;
      }
      await this.#forget(stream, view);
    }
  }

  #view(stream: string): Promise<StreamView> {
    let view = this.#views.get(stream);
    if (view === undefined) {
      view = StreamView.open(this.#deps, stream, this.#topicOf(stream));
      const opening = view;
      opening.catch(() => {
        if (this.#views.get(stream) === opening) this.#views.delete(stream);
      });
      void this.#makeRoom();
    }
    this.#views.delete(stream);
    this.#views.set(stream, view);
    return view;
  }

  async #makeRoom(): Promise<void> {
    for (const [stream, opening] of [...this.#views]) {
      if (this.#views.size < viewsMax) return;
      const view = await opening.catch(() => undefined);
      if (view?.isIdle === true) await this.#forget(stream, view);
    }
  }

  async #forget(stream: string, view: StreamView): Promise<void> {
    const standing = this.#views.get(stream);
    if (standing !== undefined && (await standing.catch(() => undefined)) === view)
      this.#views.delete(stream);
    await view.close();
  }

  /** Resolves when no open of the stream is in progress any more, whether it succeeded or failed. */
  async opened(stream: string): Promise<void> {
    await this.#views.get(stream)?.catch(() => undefined);
  }

  /**
   * Drops all views, and returns a function for each that closes it. Opens in progress end with the
   * connections.
   */
  release(): (() => Promise<void>)[] {
    const views = [...this.#views.values()];
    this.#views.clear();
    return views.map((view) => async () => (await view).close());
  }
}
