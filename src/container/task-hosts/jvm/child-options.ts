import { GatewayError, type JsonObject, type JsonValue } from '../../../base/index.ts';

/** What stands for the `%...%` of child options (BasicContainer.substituteChildopts, Storm 2.8). */
export interface ChildOptionValues {
  readonly topologyId: string;
  readonly workerId: string;
  readonly slotPort: number;
  readonly heapMb: number;
  readonly offHeapMb: number;
}

/**
 * The JVM options that the configuration asks for, in Storm's order, so that a topology's own win over the
 * cluster's: worker.childopts, topology.worker.childopts, then one of the two for garbage collection. Throws
 * `CONFIG_INVALID` naming the key when one is neither a text nor a list of texts.
 */
export function childOptions(conf: JsonObject, values: ChildOptionValues): string[] {
  const gcKey = hasOptions(conf['topology.worker.gc.childopts'])
    ? 'topology.worker.gc.childopts'
    : 'worker.gc.childopts';
  return ['worker.childopts', 'topology.worker.childopts', gcKey].flatMap((key) =>
    optionsOf(key, conf[key]).map((option) => substitute(option, values)),
  );
}

function hasOptions(value: JsonValue | undefined): boolean {
  return (
    value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
  );
}

/** A text is cut at white space, a list is taken as it is. */
function optionsOf(key: string, value: JsonValue | undefined): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return value.split(/\s+/).filter((option) => option !== '');
  if (Array.isArray(value) && value.every((option) => typeof option === 'string')) {
    return value.filter((option) => option !== '');
  }
  throw new GatewayError(
    'CONFIG_INVALID',
    `${key} is ${JSON.stringify(value)}, expected a text or a list of texts`,
    { facts: { key, value } },
  );
}

function substitute(option: string, values: ChildOptionValues): string {
  return option
    .replaceAll('%ID%', String(values.slotPort))
    .replaceAll('%WORKER-ID%', values.workerId)
    .replaceAll('%TOPOLOGY-ID%', values.topologyId)
    .replaceAll('%WORKER-PORT%', String(values.slotPort))
    .replaceAll('%HEAP-MEM%', String(values.heapMb))
    .replaceAll('%OFF-HEAP-MEM%', String(values.offHeapMb))
    .replaceAll('%LIMIT-MEM%', String(values.heapMb + values.offHeapMb));
}
