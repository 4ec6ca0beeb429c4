import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  backoffMs,
  type Clock,
  describeError,
  GatewayError,
  type Logger,
  type RandomSource,
  throwIfAborted,
  waitFor,
} from '../base/index.ts';
import { describeExit, endProcess, isSameProcess, watchProcess } from '../child/index.ts';
import { type RedisHealthLimits, watchServerHealth } from './redis-health.ts';
import {
  askServer,
  lastWords,
  logPosition,
  readServerRecord,
  removeServerRecord,
  removeSocket,
  type ServerProcess,
  saidOfData,
  socketPathOf,
  startServer,
  writeServerRecord,
} from './redis-process.ts';
import { lockFile } from './start-lock.ts';

export interface PrivateRedisOptions {
  /** Absolute; made if it is not there. Holds the data, the socket, the log. */
  readonly dir: string;
  /** The server program; default: redis-server, else valkey-server. */
  readonly command?: string | undefined;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** How long a server that is found running may take to answer before it is replaced. Default 5000. */
  readonly answerLimitMs?: number;
  /** When a server that runs counts as stuck and is replaced; default: never. */
  readonly healthLimits?: RedisHealthLimits;
  readonly signal?: AbortSignal;
}

/** A Redis for this gateway alone. */
export interface PrivateRedis {
  /** For `openRedisStore`: `unix:/path`. Stays the same when the server is started again. */
  readonly url: string;
  /** The id of the process that serves now. */
  readonly pid: number;
  /** True when it was found running. */
  readonly isAdopted: boolean;
  /** Leaves the server running for the next gateway. Idempotent. */
  leave(): void;
  /**
   * Ends the server orderly (its data is on disk then) and removes socket and pid file. Idempotent; also
   * after `leave`.
   */
  close(): Promise<void>;
}

const readyLimitMs = 30_000;
const askLimitMs = 2000;
const endGraceMs = 10_000;
/** The longest pause is shorter than a client's call waits for the server. */
const restartLimits = { firstMs: 50, maxMs: 1000, factor: 2, jitter: 0.2 };
/** A server that ran this long is in order: the next restart is quick again. */
const soundAfterMs = 60_000;

/**
 * Takes over the server that an earlier gateway left in the directory, or starts one, and keeps it running:
 * one that ends is started again over its data. It runs in a session of its own and survives us, unless
 * closed. Rejects with `STATE_UNAVAILABLE`: no such program (the message says what to install), or it does
 * not come up (the message has the last lines of its log); with the signal's reason on abort.
 */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<PrivateRedis> {
  throwIfAborted(options.signal);
  const server = await findOrStart(options);
  return new SupervisedRedis(server, options);
}

interface FoundServer {
  readonly process: ServerProcess;
  readonly isAdopted: boolean;
  /** Resolves with the way it ended; only for a child of ours. */
  readonly ended?: Promise<string>;
}

async function findOrStart(options: PrivateRedisOptions): Promise<FoundServer> {
  const { dir, clock, log } = options;
  // At a restart, too: the directory may have been deleted under the server, and the records are written
  // again from copies.
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const held = await lockFile(join(dir, 'start.lock'), options);
  try {
    const found = await adopt(options);
    if (found !== undefined) return { process: found, isAdopted: true };
    removeSocket(dir);
    const logFrom = logPosition(dir);
    const started = await startServer(dir, options.command);
    writeServerRecord(dir, started);
    const ended = started.exited.then(describeExit);
    try {
      await waitUntilReady(started, options);
    } catch (error) {
      await endProcess(started, { graceMs: 0, clock });
      removeServerRecord(dir);
      throw withAdvice(error, dir, logFrom);
    }
    const leftOut = saidOfData(dir, logFrom, 'left-out');
    if (leftOut.length > 0)
      log.warn({ event: 'redis.data-left-out', file: join(dir, 'appendonlydir'), said: leftOut });
    log.info({ event: 'redis.started', pid: started.pid, dir });
    return { process: started, isAdopted: false, ended };
  } finally {
    held[Symbol.dispose]();
  }
}

/**
 * What an operator can do about data that the server refuses. It is not done for them: topologies that have
 * no containers yet and the errors of components are nowhere else.
 */
function withAdvice(error: unknown, dir: string, logFrom: number): unknown {
  const [said] = saidOfData(dir, logFrom, 'refused');
  if (said === undefined || !(error instanceof GatewayError)) return error;
  const data = join(dir, 'appendonlydir');
  return new GatewayError(
    error.code,
    `${error.message}. It refuses to load ${data}: ${said.trim()}. To start without it, move it away: mv ${data} ${data}.broken. ` +
      'Streams and topologies that have containers are restored from their copies. ' +
      'The errors of components are lost, and topologies without containers must be submitted again',
    { cause: error.cause, facts: { ...error.facts, data, said } },
  );
}

/** One that lives but does not answer (stopped, or stuck) holds the files: it is ended, its data stays. */
async function adopt(options: PrivateRedisOptions): Promise<ServerProcess | undefined> {
  const { dir, clock, log } = options;
  const found = readServerRecord(dir);
  if (found === undefined || !isSameProcess(found.pid, found.processStart)) return undefined;
  try {
    await waitUntilReady(found, options, options.answerLimitMs ?? 5000);
    log.info({ event: 'redis.adopted', pid: found.pid, dir });
    return found;
  } catch (error) {
    throwIfAborted(options.signal);
    log.warn({ event: 'redis.unresponsive', pid: found.pid, reason: describeError(error) });
    await endProcess(found, { graceMs: 1000, clock });
    return undefined;
  }
}

async function waitUntilReady(
  server: ServerProcess,
  options: PrivateRedisOptions,
  limitMs = readyLimitMs,
): Promise<void> {
  const { dir, clock, signal } = options;
  let answer = 'nothing';
  const fault = (how: string): GatewayError =>
    new GatewayError(
      'STATE_UNAVAILABLE',
      `the state server in ${dir} ${how}; its log ends with: ${lastWords(dir)}`,
      {
        retryable: true,
        facts: { dir, answer },
      },
    );
  const deadlineMs = clock.monotonicMs() + limitMs;
  await waitFor(
    'the state server',
    async () => {
      answer = await askServer(dir, { clock, limitMs: Math.min(limitMs, askLimitMs) });
      if (answer === 'ready') return true;
      if (!isSameProcess(server.pid, server.processStart)) throw fault('ended as soon as it was started');
      // While it reads its data it works: a large file takes its time.
      if (answer !== 'loading' && clock.monotonicMs() >= deadlineMs)
        throw fault(`does not answer (${answer})`);
      return undefined;
    },
    { clock, limitMs: Number.POSITIVE_INFINITY, everyMs: 3, ...(signal === undefined ? {} : { signal }) },
  );
}

class SupervisedRedis implements PrivateRedis {
  readonly url: string;
  readonly isAdopted: boolean;
  readonly #options: PrivateRedisOptions;
  readonly #stop = new AbortController();
  #server: FoundServer;
  #watch: Disposable | undefined;
  #health: Disposable | undefined;
  #restarts = 0;
  #startedMs = 0;
  #restarting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(server: FoundServer, options: PrivateRedisOptions) {
    this.url = `unix:${socketPathOf(options.dir)}`;
    this.isAdopted = server.isAdopted;
    this.#options = options;
    this.#server = server;
    this.#supervise(server);
  }

  get pid(): number {
    return this.#server.process.pid;
  }

  leave(): void {
    this.#stop.abort(new GatewayError('ABORTED', 'the state server is left alone'));
    this.#watch?.[Symbol.dispose]();
    this.#health?.[Symbol.dispose]();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.leave();
    await this.#restarting;
    const { dir, clock, log } = this.#options;
    const result = await endProcess(this.#server.process, { graceMs: endGraceMs, clock });
    removeServerRecord(dir);
    removeSocket(dir);
    log.info({ event: 'redis.ended', pid: this.pid, result });
  }

  #supervise(server: FoundServer): void {
    this.#server = server;
    this.#startedMs = this.#options.clock.monotonicMs();
    const { dir, clock, log, healthLimits: limits } = this.#options;
    if (limits !== undefined) this.#health = watchServerHealth(server.process, { dir, clock, log, limits });
    if (server.ended !== undefined) {
      void server.ended.then((how) => this.#ended(how));
    } else {
      this.#watch = watchProcess(server.process, this.#options.clock, () => this.#ended('ended'));
    }
  }

  #ended(how: string): void {
    this.#health?.[Symbol.dispose]();
    if (this.#stop.signal.aborted) return;
    const { clock, log } = this.#options;
    log.error({ event: 'redis.died', pid: this.pid, how, lastWords: lastWords(this.#options.dir) });
    if (clock.monotonicMs() - this.#startedMs > soundAfterMs) this.#restarts = 0;
    this.#restarting = this.#restart();
  }

  /** Never rejects: it continues until a server runs or none is wanted. */
  async #restart(): Promise<void> {
    const { clock, random, log } = this.#options;
    const { signal } = this.#stop;
    const isStopped = (): boolean => signal.aborted;
    while (!isStopped()) {
      try {
        await clock.sleep(backoffMs(this.#restarts, restartLimits, random), signal);
        this.#restarts += 1;
        const server = await findOrStart({ ...this.#options, signal });
        this.#supervise(server);
        return;
      } catch (error) {
        if (!isStopped()) log.error({ event: 'redis.not-restarted', reason: describeError(error) });
      }
    }
  }
}
