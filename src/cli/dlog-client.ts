import { describeError, errorCode, GatewayError } from '../base/index.ts';
import { DlogClient, requestCode } from '../dlog-client/index.ts';
import { type CommandWorld, type CommonFlags, clientConfig } from './commands.ts';
import { readEndpoints } from './endpoints.ts';

/** A client of the gateway that the flags and the configuration name. Throws `CONNECT_FAILED` with what to do. */
export async function openDlog(world: CommandWorld, flags: CommonFlags): Promise<DlogClient> {
  const { dlogPort: port, seeds, localDir } = await clientConfig(world, flags);
  const home = port === undefined ? localAddress(localDir) : { host: seeds?.[0] ?? 'localhost', port };
  // Who typed a command wants to know that the gateway went away, not to wait for the next.
  return new DlogClient({ homes: [home], addressKeys: 'nimbus.seeds, egret.dlog.port', reconnects: false });
}

/** One call; says so when the gateway goes away in it, and what to do about a stream that is not there. */
export async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw isGone(error) ? wentAway(error, 'whether it did what it was asked is not known') : explained(error);
  }
}

/** `name` is in the namespace `default`. */
export function streamName(given: string): string {
  return given.includes('/') ? given : `default/${given}`;
}

export function explained(error: unknown): unknown {
  if (errorCode(error) !== 'STREAM_UNKNOWN' || requestCode(error) !== 'LOG_NOT_FOUND') return error;
  const { stream } = (error as GatewayError).facts as { readonly stream: string };
  return new GatewayError(
    'STREAM_UNKNOWN',
    `there is no stream ${stream}: make it with "egret dlog create ${stream}"`,
    { facts: { stream } },
  );
}

export function isGone(error: unknown): boolean {
  return ['CONNECTION_CLOSED', 'TIMED_OUT'].includes(errorCode(error) ?? '');
}

export function wentAway(error: unknown, rest: string): GatewayError {
  return new GatewayError('CONNECTION_CLOSED', `the gateway went away (${describeError(error)}); ${rest}`);
}

export function say(world: CommandWorld, flags: { readonly json?: true }, json: unknown, text: string): void {
  world.out(flags.json === true ? `${JSON.stringify(json, null, 2)}\n` : `${text}\n`);
}

function localAddress(localDir: string): { readonly host: string; readonly port: number } {
  const found = readEndpoints(localDir).services['dlog'];
  if (found === undefined) throw new GatewayError('CONNECT_FAILED', 'the gateway offers no distributed log');
  return found;
}
