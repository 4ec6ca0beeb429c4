import { errorCode, GatewayError, isJsonObject, type JsonValue } from '../base/index.ts';
import {
  confKeys,
  type LogicalTopology,
  type LogSettings,
  logSettingsOf,
  logStreamName,
} from '../topology/index.ts';

/** What nimbus needs of the log. Rejects with `STREAM_UNKNOWN` when there is no such stream. */
export interface LogStreams {
  settings(stream: string): Promise<JsonValue>;
}

/**
 * Checks the log's streams for a topology. A topology resumes the streams that an earlier one of the same
 * name left in the log, if their fields and partitions are the same. Throws `TOPOLOGY_INVALID`, naming the
 * stream and the remedy, if not.
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
        `stream ${wanted.streamId} of component ${wanted.componentId} is in the log as ${stream}, ${difference}. ` +
          `Submit it unchanged, or delete the stream and its other partitions: egret dlog delete ${stream}`,
        { facts: { stream } },
      );
  }
}

function differenceOf(found: JsonValue, wanted: LogSettings): string | undefined {
  if (!isJsonObject(found)) return 'and was not created for a topology';
  const fields = found['fields'];
  if (JSON.stringify(fields) !== JSON.stringify(wanted.fields))
    return `with the fields ${JSON.stringify(fields)}, and is now submitted with ${JSON.stringify(wanted.fields)}`;
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
