import {
  connectThrift,
  Nimbus,
  type NimbusMethods,
  type ThriftClient,
  type TopologyInfo,
} from '../src/rpc/index.ts';
import { eventually } from './records.ts';
import { target } from './target.ts';

/** Asks the Nimbus under test, on a connection of its own. */
export async function ask<T>(
  question: (nimbus: ThriftClient<NimbusMethods>['call']) => Promise<T>,
): Promise<T> {
  const { host, port } = await target();
  using client = await connectThrift(
    Nimbus,
    { host, port },
    { timeoutMs: 30_000, addressKeys: 'EGRET_COMPAT_NIMBUS' },
  );
  return await question(client.call);
}

/** Kills and waits until the topology is no longer listed. */
export async function killTopology(name: string, waitSecs: number): Promise<void> {
  await ask((nimbus) => nimbus.killTopologyWithOpts({ name, options: { wait_secs: waitSecs } }));
  await eventually(`${name} gone from the list`, async () => {
    const summaries = await ask((nimbus) => nimbus.getTopologySummaries({}));
    return summaries.some((summary) => summary.name === name) ? undefined : true;
  });
}

export function topologyInfo(name: string): Promise<TopologyInfo> {
  return ask((nimbus) => nimbus.getTopologyInfoByName({ name }));
}
