import { errorCode, type Freeing, withoutReserve } from '../base/index.ts';
import {
  checkStreamName,
  type DistributedLog,
  deserializeDlsn,
  parseSettings,
  serializeDlsn,
} from '../dlog/index.ts';
import type {
  ClientInfo,
  ReadFrom,
  ServerInfo,
  StreamResponse,
  StreamsResponse,
  WriteResponse,
} from '../rpc/index.ts';
import { settingsForThrift } from './admin.ts';
import { header, refused, type WriteOutcome } from './outcome.ts';
import { OwnedStream } from './owned-stream.ts';
import type { OwnedStreams } from './owned-streams.ts';
import { fromThrift } from './reading.ts';

interface Deps {
  readonly log: DistributedLog;
  readonly address: () => string;
  readonly streams: OwnedStreams;
  readonly stopping: AbortSignal;
  readonly freeing?: Freeing;
  readonly lookAtEnd: (stream: string) => Promise<void>;
  /** Releases a stream, and drops all cached content of it. */
  readonly letGo: (stream: string) => Promise<void>;
  /** Drops the cached records that were truncated. */
  readonly cutOff: (stream: string) => Promise<void>;
}

/** The calls that concern one stream, or the list of streams. They reject as the log does. */
export class StreamCalls {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async delete(stream: string): Promise<WriteOutcome | undefined> {
    const { log, streams, letGo, freeing = withoutReserve } = this.#deps;
    checkStreamName(stream);
    // A failed attempt may have removed the stream from the storage already.
    const isThere = await log.settings(stream).then(
      () => true,
      (error: unknown) => errorCode(error) !== 'STREAM_UNKNOWN',
    );
    await freeing(`deleting ${stream}`, async () => {
      await streams.giveBack(stream);
      await log.deleteStream(stream);
    });
    await letGo(stream);
    return isThere ? undefined : refused('LOG_NOT_FOUND', `there is no stream ${stream}`);
  }

  async truncate(stream: string, dlsn: string): Promise<WriteOutcome> {
    checkStreamName(stream);
    const { log, freeing = withoutReserve } = this.#deps;
    const at = deserializeDlsn(dlsn);
    const begin = await freeing(`truncating ${stream}`, () => log.truncate(stream, at));
    // Otherwise the proxy would still show what was truncated.
    await this.#deps.cutOff(stream);
    return { kind: 'committed', dlsn: begin };
  }

  async seal(stream: string): Promise<WriteOutcome | undefined> {
    checkStreamName(stream);
    const owned = this.#deps.streams.of(stream);
    if (!(owned instanceof OwnedStream)) return owned;
    const outcome = await owned.seal();
    if (outcome === undefined) await this.#deps.streams.giveBack(stream);
    return outcome;
  }

  async getOwner(stream: string): Promise<WriteResponse> {
    checkStreamName(stream);
    const location = await this.#deps.log.owner(stream);
    return { header: location === undefined ? header() : { code: 'FOUND', location } };
  }

  serverInfo({ getOwnerships, streamNameRegex }: ClientInfo): ServerInfo {
    const { streams, address, stopping } = this.#deps;
    const wanted = streams.names.filter((name) => streamNameRegex === undefined || name === streamNameRegex);
    const here = address();
    return {
      ownerships: getOwnerships === false ? undefined : new Map(wanted.map((name) => [name, here])),
      serverStatus: stopping.aborted ? 'DOWN' : 'WRITE_AND_ACCEPT',
    };
  }

  async list(namespace: string): Promise<StreamsResponse> {
    if (!/^[\w-][\w.-]{0,199}$/.test(namespace))
      return {
        header: header(refused('INVALID_STREAM_NAME', `${JSON.stringify(namespace)} is no namespace`)),
      };
    return { header: header(), streams: await this.#deps.log.streams(namespace) };
  }

  async moveSubscriber(stream: string, subscriber: string, to: ReadFrom): Promise<WriteOutcome> {
    checkStreamName(stream);
    await this.#deps.lookAtEnd(stream);
    const dlsn = await this.#deps.log.moveSubscriber(stream, subscriber, fromThrift(to));
    return { kind: 'committed', dlsn };
  }

  async describe(stream: string): Promise<StreamResponse> {
    const { log, lookAtEnd, streams } = this.#deps;
    checkStreamName(stream);
    const settings = parseSettings(stream, await log.settings(stream));
    await lookAtEnd(stream);
    const [next, owner, segments] = [
      await log.tail(stream),
      await log.owner(stream),
      await log.segments(stream),
    ];
    return {
      header: header(),
      name: stream,
      nextDlsn: serializeDlsn(next),
      owner,
      isEnded: segments.at(-1)?.isEndOfStream ?? false,
      settings: settingsForThrift(settings),
      recordsOverQuota: BigInt(streams.recordsOver(stream) ?? 0),
      segments: segments.map(({ lssn, epoch, isSealed, entries, records, bytes }) => ({
        ...{ lssn: BigInt(lssn), epoch: BigInt(epoch), isSealed },
        ...{ entries: BigInt(entries), records: BigInt(records), bytes: BigInt(bytes) },
      })),
    };
  }
}
