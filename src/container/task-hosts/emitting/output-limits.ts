import type { JsonObject } from '../../../base/index.ts';
import { type ContainerNumberKey, containerNumber } from '../../../config/index.ts';
import { confNumber } from '../../spec/index.ts';
import type { OutputLimits } from './token-bucket.ts';

/**
 * What one task of a component may emit: `topology.egret.output.rate.tuples.per.sec` and
 * `topology.egret.output.rate.bytes.per.sec`, of the component or of the topology, shared evenly among the
 * component's tasks. Heron's `topology.component.output.bps` is the second, where that is not set. Absent,
 * null or 0: no limit.
 */
export function readOutputLimits(conf: JsonObject, taskCount: number): OutputLimits {
  const share = (perSec: number): number | undefined =>
    perSec === 0 ? undefined : perSec / Math.max(1, taskCount);
  const shareOf = (key: ContainerNumberKey): number | undefined => share(containerNumber(conf, key));
  return {
    tuplesPerSec: shareOf('topology.egret.output.rate.tuples.per.sec'),
    bytesPerSec:
      shareOf('topology.egret.output.rate.bytes.per.sec') ??
      share(confNumber(conf, 'topology.component.output.bps', 0)),
  };
}
