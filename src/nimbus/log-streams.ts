import { errorCode, GatewayError, isJsonObject, type JsonValue } from '../base/index.ts';
import {
  confKeys,
  type LogicalTopology,
  type LogSettings,
  logSettingsOf,
  logStreamName,
} from '../topology/index.ts';

/** What nimbus asks of the log. Rejects with `STREAM_UNKNOWN` where there is no such stream. */
export interface LogStreams {
  settings(stream: string): Promise<JsonValue>;
}

/**
 * A topology goes on with the streams that its predecessor of the same name left in the log, if they are what it takes them for.
 * Throws `TOPOLOGY_INVALID` naming stream and remedy where fields or number of partitions are others.
 */
export async function checkLogStreams(
  log: LogStreams,
  topology: LogicalTopology,
  topologyName: string,
): Promise<void> {
  for (const wanted of logSettingsOf(topology)) {
    const stream = logStreamName({ topologyName, ...wanted }, 0);
    const found = await settingsOf(log, stream);
    const difference = found === undefined ? undefined : differenceOf(found, wanted);
    if (difference !== undefined)
      throw new GatewayError(
        'TOPOLOGY_INVALID',
        `stream ${wanted.streamId} of component ${wanted.componentId} lies in the log as ${stream}, ${difference}. ` +
          `Submit it as it was, or delete what the log has of it: egret dlog delete ${stream} (and each further partition)`,
        { facts: { stream } },
      );
  }
}

function differenceOf(found: JsonValue, wanted: LogSettings): string | undefined {
  if (!isJsonObject(found)) return 'and was not made for a topology';
  const fields = found['fields'];
  if (JSON.stringify(fields) !== JSON.stringify(wanted.fields))
    return `with the fields ${JSON.stringify(fields)}, and is submitted with ${JSON.stringify(wanted.fields)}`;
  const partitions = found['partitions'];
  if (partitions !== wanted.partitions)
    return `with ${JSON.stringify(partitions)} partitions, and ${confKeys.durablePartitions} is ${wanted.partitions}`;
  return undefined;
}

async function settingsOf(log: LogStreams, stream: string): Promise<JsonValue | undefined> {
  try {
    return await log.settings(stream);
  } catch (error) {
    if (errorCode(error) === 'STREAM_UNKNOWN') return undefined;
    throw error;
  }
}
