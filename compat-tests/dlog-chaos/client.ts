import {
  connectThrift,
  DistributedLogService,
  type DistributedLogServiceCaller,
  type ResponseHeader,
  type StatusCode,
} from '../../src/rpc/index.ts';

/** The same may be done a little later, or elsewhere. */
const passing: ReadonlySet<StatusCode> = new Set([
  'FOUND',
  'LOCKING_EXCEPTION',
  'OVER_CAPACITY',
  'STREAM_NOT_READY',
  'SERVICE_UNAVAILABLE',
  'WRITE_CANCELLED_EXCEPTION',
  'READ_CANCELLED_EXCEPTION',
  'ALREADY_CLOSED',
  // what a full disk comes to
  'INTERNAL_SERVER_ERROR',
]);

export interface Connection extends Disposable {
  readonly call: DistributedLogServiceCaller;
}

/** Returns undefined when no server answers on the port. */
export async function connect(port: number | undefined, timeoutMs: number): Promise<Connection | undefined> {
  if (port === undefined) return undefined;
  const address = { host: '127.0.0.1', port };
  try {
    return await connectThrift(DistributedLogService, address, { timeoutMs, addressKeys: 'egret.dlog.port' });
  } catch {
    return undefined;
  }
}

export function mayPass({ code, isUnknown }: ResponseHeader): boolean {
  return passing.has(code) || isUnknown === true;
}

export function portOf({ location }: ResponseHeader): number | undefined {
  return location === undefined ? undefined : Number(location.slice(location.lastIndexOf(':') + 1));
}
