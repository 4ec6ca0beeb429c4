import { describeError, GatewayError } from '../base/index.ts';
import type { ClientConfig } from '../config/index.ts';
import type { NimbusMethods, ThriftClient } from '../rpc/index.ts';
import { readEndpoints } from './endpoints.ts';

export interface NimbusAddress {
  readonly host: string;
  readonly port: number;
}

/** Storm's own, for who names only the other half of an address. */
const stormDefaults = { port: 6627, seeds: ['localhost'] } as const;
const timeoutMs = 30_000;

/** The addresses to try: those the user set, else that of the gateway that runs on `storm.local.dir`. */
export function nimbusAddresses(config: ClientConfig): readonly NimbusAddress[] {
  if (config.seeds === undefined && config.port === undefined) {
    const nimbus = readEndpoints(config.localDir).services['nimbus'];
    if (nimbus === undefined)
      throw new GatewayError('CONNECT_FAILED', 'the gateway offers no Nimbus service');
    return [nimbus];
  }
  const port = config.port ?? stormDefaults.port;
  return (config.seeds ?? stormDefaults.seeds).map((host) => ({ host, port }));
}

/**
 * Connects to the leader as Storm's NimbusClient does (2.8): the first seed that answers says who leads; where that is
 * somebody else, the connection goes there. Throws `CONNECT_FAILED` with the reason for every seed.
 */
export async function connectNimbus(config: ClientConfig): Promise<ThriftClient<NimbusMethods>> {
  const failures: string[] = [];
  for (const address of nimbusAddresses(config)) {
    try {
      return await connectLeader(address);
    } catch (error) {
      failures.push(describeError(error));
    }
  }
  throw new GatewayError('CONNECT_FAILED', `no Nimbus answers: ${failures.join('; ')}`);
}

async function connectLeader(seed: NimbusAddress): Promise<ThriftClient<NimbusMethods>> {
  const first = await connectTo(seed);
  try {
    const leader = await first.call.getLeader({});
    // The name may be another for the same machine: what counts is that we reached who leads.
    if (leader.port === seed.port && (leader.host === seed.host || isLoopback(seed.host))) return first;
    const second = await connectTo(leader);
    first.close();
    return second;
  } catch (error) {
    first.close();
    throw error;
  }
}

async function connectTo({ host, port }: NimbusAddress): Promise<ThriftClient<NimbusMethods>> {
  const { connectThrift, Nimbus } = await import('../rpc/index.ts');
  return connectThrift(
    Nimbus,
    { host, port },
    { timeoutMs, addressKeys: 'nimbus.seeds, nimbus.thrift.port', frameBytesMax: 64 << 20 },
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
