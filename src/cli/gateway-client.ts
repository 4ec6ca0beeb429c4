import { describeError, GatewayError } from '../base/index.ts';
import type { ClientConfig } from '../config/index.ts';
import type { NimbusMethods, ThriftClient } from '../rpc/index.ts';
import { findEndpoints } from './endpoints.ts';

export interface NimbusAddress {
  readonly host: string;
  readonly port: number;
}

const timeoutMs = 30_000;

interface Candidates {
  readonly addresses: readonly NimbusAddress[];
  /** Why the endpoints file named no gateway. Set when the default addresses are tried instead. */
  readonly withoutFile?: string;
}

/**
 * Where to look for a gateway: at the address that the user set, and nowhere else; without one at the gateway
 * that runs on `storm.local.dir`; without that at Storm's default address.
 */
async function candidates(config: ClientConfig): Promise<Candidates> {
  const isSet = config.seeds !== undefined || config.port !== undefined;
  const search = isSet ? undefined : findEndpoints(config.localDir);
  if (search?.kind === 'found') {
    const nimbus = search.endpoints.services['nimbus'];
    if (nimbus !== undefined) return { addresses: [nimbus] };
    throw new GatewayError('CONNECT_FAILED', 'the gateway offers no Nimbus service');
  }
  const defaults = await config.defaults();
  const port = config.port ?? defaults.port;
  const addresses = (config.seeds ?? defaults.seeds).map((host) => ({ host, port }));
  return search === undefined ? { addresses } : { addresses, withoutFile: search.reason };
}

/**
 * Connects to the leader as Storm's NimbusClient does (2.8): the first seed that answers names the leader; if
 * that is another gateway, the connection goes there. Throws `CONNECT_FAILED` with the places that were tried
 * and what to do.
 */
export async function connectNimbus(config: ClientConfig): Promise<ThriftClient<NimbusMethods>> {
  return (await reach(config)).client;
}

/**
 * The first address at which a gateway answers, or the only one there is: a client of Storm's own reports
 * that one itself.
 */
export async function nimbusAddress(config: ClientConfig): Promise<NimbusAddress> {
  const { addresses, withoutFile } = await candidates(config);
  if (withoutFile === undefined) return addresses[0]!;
  const { client, address } = await reach(config);
  client.close();
  return address;
}

async function reach(
  config: ClientConfig,
): Promise<{ readonly client: ThriftClient<NimbusMethods>; readonly address: NimbusAddress }> {
  const { addresses, withoutFile } = await candidates(config);
  const failures: string[] = [];
  for (const address of addresses) {
    try {
      return { client: await connectLeader(address), address };
    } catch (error) {
      failures.push(describeError(error));
    }
  }
  const tried = addresses.map(({ host, port }) => `${host}:${port}`).join(', ');
  throw new GatewayError(
    'CONNECT_FAILED',
    withoutFile === undefined
      ? `no Nimbus answers: ${failures.join('; ')}`
      : `no gateway found: ${withoutFile}, and no Nimbus answers at ${tried} (the default nimbus.seeds and nimbus.thrift.port); ${whatToDo}`,
    { facts: { addresses, failures } },
  );
}

const whatToDo =
  'start a gateway with "egret up", or give the address of one with -c nimbus.seeds=\'["HOST"]\' -c nimbus.thrift.port=PORT';

async function connectLeader(seed: NimbusAddress): Promise<ThriftClient<NimbusMethods>> {
  const first = await connectTo(seed);
  try {
    const leader = await first.call.getLeader({});
    // The leader may go by another name for the same machine; this connection reaches it all the same.
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
