import type { CodeDirectories } from '../code/index.ts';
import { type ConfText, readConfText, readConfValue } from '../config/index.ts';
import type { TopologyRecord } from '../records/index.ts';
import { confKeys } from '../topology/index.ts';

const secsMax = 0x7fff_ffff;

/**
 * How long a kill or a rebalance waits when the request does not say: until in-flight tuples are acked or
 * time out (Nimbus.TOPO_STATE_TRANSITIONS, 2.8). If the topology's configuration cannot be read, the
 * cluster's timeout applies, so that the topology can still be killed.
 */
export async function messageTimeoutSecs(
  code: CodeDirectories,
  record: TopologyRecord,
  clusterConf: ConfText,
): Promise<number> {
  const own = await readOwn(code, record).catch(() => undefined);
  const secs =
    (own === undefined ? undefined : readConfValue(own, confKeys.messageTimeoutSecs)) ??
    readConfValue(clusterConf, confKeys.messageTimeoutSecs);
  return typeof secs === 'number' ? Math.min(secs, secsMax) : 30;
}

async function readOwn(code: CodeDirectories, record: TopologyRecord): Promise<ConfText | undefined> {
  const text = await code.readStormConf(record.id);
  return text === undefined ? undefined : readConfText(text, `stormconf.ser of ${record.id}`);
}
