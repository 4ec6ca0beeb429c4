import { describeError, errorCode, GatewayError } from '../base/index.ts';
import { DlogClient, requestCode } from '../dlog-client/index.ts';
import { type CommandWorld, type CommonFlags, clientConfig } from './commands.ts';
import { findEndpoints } from './endpoints.ts';

const whatToDo =
  'start a gateway with "egret up", or give the address of one with -c nimbus.seeds=\'["HOST"]\' -c egret.dlog.port=PORT';

/**
 * A client of the gateway that the flags and the configuration name. Throws `CONNECT_FAILED` with what to do.
 */
export async function openDlog(world: CommandWorld, flags: CommonFlags): Promise<DlogClient> {
  const { dlogPort: port, seeds, localDir } = await clientConfig(world, flags);
  const home = port === undefined ? localAddress(localDir) : { host: seeds?.[0] ?? 'localhost', port };
  // A user at a terminal wants to know that the gateway stopped, not to wait for the next one.
  return new DlogClient({ homes: [home], addressKeys: 'nimbus.seeds, egret.dlog.port', reconnects: false });
}

/** Awaits one call. Explains a lost connection, and what to do about a stream that does not exist. */
export async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw isGone(error) ? wentAway(error, 'the outcome of the request is unknown') : explained(error);
  }
}

/** A name without a namespace is in the namespace `default`. */
export function streamName(given: string): string {
  return given.includes('/') ? given : `default/${given}`;
}

export function explained(error: unknown): unknown {
  if (errorCode(error) !== 'STREAM_UNKNOWN' || requestCode(error) !== 'LOG_NOT_FOUND') return error;
  const { stream } = (error as GatewayError).facts as { readonly stream: string };
  return new GatewayError(
    'STREAM_UNKNOWN',
    `there is no stream ${stream}: create it with "egret dlog create ${stream}"`,
    { facts: { stream } },
  );
}

export function isGone(error: unknown): boolean {
  return ['CONNECTION_CLOSED', 'TIMED_OUT'].includes(errorCode(error) ?? '');
}

export function wentAway(error: unknown, rest: string): GatewayError {
  return new GatewayError(
    'CONNECTION_CLOSED',
    `lost the connection to the gateway (${describeError(error)}); ${rest}`,
  );
}

export function say(world: CommandWorld, flags: { readonly json?: true }, json: unknown, text: string): void {
  world.out(flags.json === true ? `${JSON.stringify(json, null, 2)}\n` : `${text}\n`);
}

function localAddress(localDir: string): { readonly host: string; readonly port: number } {
  const search = findEndpoints(localDir);
  if (search.kind === 'none') {
    throw new GatewayError(
      'CONNECT_FAILED',
      `no gateway found: ${search.reason}, and egret.dlog.port is not set; ${whatToDo}`,
    );
  }
  const found = search.endpoints.services['dlog'];
  if (found === undefined) throw new GatewayError('CONNECT_FAILED', 'the gateway offers no distributed log');
  return found;
}
