import { describeError, GatewayError, systemClock } from '../base/index.ts';
import type {
  DistributedLogServiceCaller,
  DistributedLogServiceMethods,
  ResponseHeader,
  StatusCode,
  ThriftClient,
} from '../rpc/index.ts';
import { type CommandWorld, type CommonFlags, clientConfig } from './commands.ts';
import { readEndpoints } from './endpoints.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

const timeoutMs = 30_000;
/** A lease runs out within seconds, and its stream is taken over then. */
const patienceMs = 20_000;
const pauseMs = 200;

/** The same may be done a little later. */
const passing: readonly StatusCode[] = [
  'FOUND',
  'LOCKING_EXCEPTION',
  'OVER_CAPACITY',
  'STREAM_NOT_READY',
  'SERVICE_UNAVAILABLE',
];

/** A connection to the log of a gateway; goes where the owner of a stream is, and comes back when nobody is there. */
export class DlogClient implements Disposable {
  readonly #home: Address;
  #client: ThriftClient<DistributedLogServiceMethods>;
  #failingSinceMs: number | undefined;

  private constructor(home: Address, client: ThriftClient<DistributedLogServiceMethods>) {
    this.#home = home;
    this.#client = client;
  }

  /** Throws `CONNECT_FAILED` with what to do. */
  static async open(world: CommandWorld, flags: CommonFlags): Promise<DlogClient> {
    const { dlogPort: port, seeds, localDir } = await clientConfig(world, flags);
    const home = port === undefined ? localAddress(localDir) : { host: seeds?.[0] ?? 'localhost', port };
    return new DlogClient(home, await connect(home));
  }

  get call(): DistributedLogServiceCaller {
    return this.#client.call;
  }

  /** Calls until the answer is none that passes. Throws as {@link failureOf}. */
  async settled<R extends { readonly header: ResponseHeader }>(
    stream: string,
    call: (caller: DistributedLogServiceCaller) => Promise<R>,
  ): Promise<R> {
    for (;;) {
      const answer = await call(this.call);
      if (answer.header.code === 'SUCCESS') return answer;
      await this.recover(stream, answer.header);
    }
  }

  progressed(): void {
    this.#failingSinceMs = undefined;
  }

  /** Goes where the answer sends, or waits a little. Throws what the answer says when that is for good, or lasts too long. */
  async recover(stream: string, header: ResponseHeader): Promise<void> {
    const nowMs = systemClock.monotonicMs();
    this.#failingSinceMs ??= nowMs;
    const isPassing = passing.includes(header.code) && header.isUnknown !== true;
    if (!isPassing || nowMs - this.#failingSinceMs > patienceMs) throw failureOf(stream, header);
    if (header.location !== undefined && (await this.#goTo(addressOf(header.location)))) return;
    await systemClock.sleep(pauseMs);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  /** False when nobody is there: an owner that died is named until its lease has run out. */
  async #goTo(address: Address): Promise<boolean> {
    this.#client.close();
    try {
      this.#client = await connect(address);
      return true;
    } catch {
      this.#client = await connect(this.#home);
      return false;
    }
  }
}

/** `name` is in the namespace `default`. */
export function streamName(given: string): string {
  return given.includes('/') ? given : `default/${given}`;
}

/** What an answer that is not 200 means to who asked. */
export function failureOf(stream: string, { code, errMsg, isUnknown }: ResponseHeader): GatewayError {
  const facts = { stream, code };
  if (code === 'LOG_NOT_FOUND')
    return new GatewayError(
      'STREAM_UNKNOWN',
      `there is no stream ${stream}: make it with "egret dlog create ${stream}"`,
      { facts },
    );
  const fate = isUnknown === true ? ' (whether it was done is not known)' : '';
  return new GatewayError('REMOTE_FAILURE', `${stream}: ${errMsg ?? 'refused'} [${code}]${fate}`, { facts });
}

export function wentAway(error: unknown, rest: string): GatewayError {
  return new GatewayError('CONNECTION_CLOSED', `the gateway went away (${describeError(error)}); ${rest}`);
}

function localAddress(localDir: string): Address {
  const found = readEndpoints(localDir).services['dlog'];
  if (found === undefined) throw new GatewayError('CONNECT_FAILED', 'the gateway offers no distributed log');
  return found;
}

async function connect(address: Address): Promise<ThriftClient<DistributedLogServiceMethods>> {
  const { connectThrift, DistributedLogService } = await import('../rpc/index.ts');
  return connectThrift(DistributedLogService, address, {
    timeoutMs,
    addressKeys: 'nimbus.seeds, egret.dlog.port',
    frameBytesMax: 4 << 20,
  });
}

function addressOf(location: string): Address {
  const at = location.lastIndexOf(':');
  return { host: location.slice(0, at), port: Number(location.slice(at + 1)) };
}
