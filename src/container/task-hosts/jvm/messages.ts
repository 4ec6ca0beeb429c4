import { GatewayError, isJsonObject, type JsonObject, type JsonValue } from '../../../base/index.ts';
import type { HostToStreamManager } from '../../links/index.ts';
import { readLoads, readPressure } from '../../links/index.ts';

export type HostMessage = HostToStreamManager;

/**
 * A control message of a JVM host, checked as far as this process relies on it. Throws `PROTOCOL_VIOLATION`
 * for what is not one: the host is of another version, or user code wrote to its socket.
 */
export function readHostMessage(message: JsonObject): HostMessage {
  const known = isKnown(message) ? (message as unknown as HostMessage) : undefined;
  if (known !== undefined) return known;
  throw new GatewayError(
    'PROTOCOL_VIOLATION',
    `the JVM host sent ${JSON.stringify(message).slice(0, 200)}, expected a message of protocol.ts`,
  );
}

function isKnown(message: JsonObject): boolean {
  switch (message['type']) {
    case 'hello':
      return typeof message['protocol'] === 'number' && typeof message['pid'] === 'number';
    case 'started':
      return true;
    case 'heartbeat':
      return typeof message['timeMs'] === 'number';
    case 'stats':
      return typeof message['uptimeSecs'] === 'number' && Array.isArray(message['executors']);
    case 'error':
      return typeof message['componentId'] === 'string' && isErrorRecord(message['record']);
    case 'fatal':
      return typeof message['message'] === 'string';
    case 'loads':
      return readLoads(message) !== undefined;
    case 'pressure':
      return readPressure(message) !== undefined;
    default:
      return false;
  }
}

function isErrorRecord(record: JsonValue | undefined): boolean {
  return (
    isJsonObject(record) &&
    typeof record['error'] === 'string' &&
    typeof record['timeSecs'] === 'number' &&
    typeof record['host'] === 'string' &&
    typeof record['port'] === 'number'
  );
}
