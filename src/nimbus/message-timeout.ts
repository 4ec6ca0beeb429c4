import { type ConfText, readConfText, readConfValue } from '../config/index.ts';
import { confKeys, type TopologyRecord } from '../topology/index.ts';
import type { CodeDirectories } from './code-directory.ts';

/**
 * How long a kill or a rebalance waits where it does not say: long enough for what is under way to end or time out
 * (Nimbus.TOPO_STATE_TRANSITIONS, 2.8).
 */
export async function messageTimeoutSecs(
  code: CodeDirectories,
  record: TopologyRecord,
  clusterConf: ConfText,
): Promise<number> {
  const text = await code.readStormConf(record.id);
  const conf = text === undefined ? clusterConf : await readConfText(text, `configuration of ${record.id}`);
  const secs =
    readConfValue(conf, confKeys.messageTimeoutSecs) ??
    readConfValue(clusterConf, confKeys.messageTimeoutSecs);
  return typeof secs === 'number' ? secs : 30;
}
