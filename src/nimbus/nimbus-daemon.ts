import { join } from 'node:path';
import { type Clock, type Freeing, type Logger, type RandomSource, withoutReserve } from '../base/index.ts';
import { CodeDirectories } from '../code/index.ts';
import { type ConfText, type NimbusConfig, withoutDaemonSecrets } from '../config/index.ts';
import type { StateStore } from '../coordination/index.ts';
import { Queries } from '../queries/index.ts';
import { RecordStore } from '../records/index.ts';
import type { Handler, NimbusMethods } from '../rpc/index.ts';
import { Inbox } from '../uploads/index.ts';
import { makeHandler } from './handler.ts';
import { resolveLeaderHost } from './leader-address.ts';
import type { LogStreams } from './log-streams.ts';
import { Reaper } from './reaper.ts';
import { Rebalances } from './rebalance.ts';
import { Submissions } from './submission.ts';
import { Topologies } from './topologies.ts';

export interface NimbusDeps {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly store: StateStore;
  readonly logStreams: LogStreams;
  /** Default: without a reserve. */
  readonly freeing?: Freeing;
}

export interface NimbusOptions {
  readonly config: NimbusConfig;
  /** The gateway's whole configuration. */
  readonly clusterConf: ConfText;
  readonly localDir: string;
  /** The name of this machine, if the configuration sets one. */
  readonly hostname: string | undefined;
  /** The user that the gateway, and so every topology, runs as. */
  readonly owner: string;
}

/** How long an upload whose connection closed waits for its client to reconnect. */
const uploadOrphanMs = 30_000;
/**
 * How long an upload may make no progress before another upload may take its place, if all places are taken.
 */
const uploadYieldMs = 10_000;

/**
 * Everything behind the Nimbus service. It opens no socket itself: a Thrift server calls `handler`.
 * Opening fails with Node's errors for the directories under `localDir`, and with `STATE_UNAVAILABLE`.
 */
export class NimbusDaemon implements AsyncDisposable {
  readonly handler: Handler<NimbusMethods>;
  readonly #inbox: Inbox;
  readonly #reaper: Reaper;
  readonly #rebalances: Rebalances;

  private constructor(parts: {
    readonly handler: Handler<NimbusMethods>;
    readonly inbox: Inbox;
    readonly reaper: Reaper;
    readonly rebalances: Rebalances;
  }) {
    this.handler = parts.handler;
    this.#inbox = parts.inbox;
    this.#reaper = parts.reaper;
    this.#rebalances = parts.rebalances;
  }

  /** Opens the parts and cleans up what an interrupted gateway left behind. */
  static async open(deps: NimbusDeps, options: NimbusOptions): Promise<NimbusDaemon> {
    const { config } = options;
    // Neither topologies, their files, nor answers may contain the secrets of daemons.
    const clusterConf = withoutDaemonSecrets(options.clusterConf);
    const inbox = await Inbox.open(
      join(options.localDir, 'nimbus', 'inbox'),
      {
        idleMs: config.uploadIdleMs,
        ageMsMax: config.inboxAgeMsMax,
        orphanMs: uploadOrphanMs,
        wholeMsMax: config.uploadMsMax,
        yieldMs: uploadYieldMs,
        uploadsMax: config.uploadsMax,
        uploadsPerAddressMax: config.uploadsPerAddressMax,
        bytesMax: config.inboxBytesMax,
        filesMax: config.inboxFilesMax,
        fileBytesMax: config.uploadBytesMax,
      },
      deps,
    );
    const code = await CodeDirectories.open(
      join(options.localDir, 'supervisor', 'stormdist'),
      { bytesMax: config.resourcesBytesMax, filesMax: config.resourcesFilesMax },
      deps.log,
    );
    const store = new RecordStore(deps.store);
    const topologies = new Topologies(store);
    const submissions = new Submissions(
      { ...deps, topologies, inbox, code },
      {
        clusterConf,
        limits: { workersMax: config.workersPerTopologyMax, executorsMax: config.executorsPerTopologyMax },
        owner: options.owner,
      },
    );
    const { freeing = withoutReserve } = deps;
    const reaper = new Reaper({
      ...deps,
      store,
      freeing,
      topologies,
      code,
      isUnderWay: (id) => submissions.isUnderWay(id),
    });
    const rebalances = new Rebalances({ ...deps, store, topologies, code, clusterConf });
    const names = options.hostname === undefined ? config.seeds : [...config.seeds, options.hostname];
    const leaderHost = await resolveLeaderHost(names);
    const queries = new Queries({ store, code, nowMs: () => deps.clock.nowMs() });
    const handler = makeHandler(
      { ...deps, freeing, queries, inbox, code, topologies, submissions, reaper, rebalances },
      { clusterConf, leaderHost, startedAtMs: deps.clock.nowMs() },
    );
    await reaper.wake();
    await rebalances.open();
    return new NimbusDaemon({ handler, inbox, reaper, rebalances });
  }

  /** Stops the background work. Close the server in front of it first, so that no call is running. */
  async close(): Promise<void> {
    await this.#rebalances.close();
    await this.#reaper.close();
    await this.#inbox.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
