const headerBytes = 16;
const version = 0x1000;

/**
 * Encodes records of which all are committed or none, in DistributedLog's layout (LogRecordSet): version,
 * count, bytes twice, then each record after its length.
 */
export function encodeRecordSet(records: readonly Uint8Array[]): Buffer {
  let bytes = 0;
  for (const record of records) bytes += 4 + record.length;
  const set = Buffer.allocUnsafe(headerBytes + bytes);
  set.writeUInt32BE(version, 0);
  set.writeUInt32BE(records.length, 4);
  set.writeUInt32BE(bytes, 8);
  set.writeUInt32BE(bytes, 12);
  let at = headerBytes;
  for (const record of records) {
    set.writeUInt32BE(record.length, at);
    set.set(record, at + 4);
    at += 4 + record.length;
  }
  return set;
}
