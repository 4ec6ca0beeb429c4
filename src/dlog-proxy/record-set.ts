/**
 * A record set in the format of DistributedLog's clients (LogRecordSet, 0.5). 32-bit integers, big-endian:
 * version and compression, count of records, their uncompressed bytes, their bytes. Then come the bytes: each
 * record after its length.
 */
const headerBytes = 16;
const versionMask = 0xf000;
const version = 0x1000;
const packingMask = 0x3;

export type DecodedSet =
  | { readonly kind: 'records'; readonly records: readonly Buffer[] }
  /** The set has an unsupported compression. */
  | { readonly kind: 'packed' }
  /** The set claims more records than a set may have. */
  | { readonly kind: 'too-many'; readonly records: number }
  | { readonly kind: 'bad'; readonly what: string };

/** How many records a set claims to contain; 0 when its header is incomplete. */
export function claimedRecords(data: Buffer): number {
  return data.length < headerBytes ? 0 : data.readUInt32BE(4);
}

/**
 * The records are views of `data`. Reads no more records than the set claims, and none when it claims more
 * than `recordsMax`.
 */
export function decodeRecordSet(data: Buffer, recordsMax: number): DecodedSet {
  if (data.length < headerBytes) return bad(`it has ${data.length} bytes of a header of ${headerBytes}`);
  const metadata = data.readUInt32BE(0);
  if ((metadata & versionMask) !== version) return bad(`its version is ${metadata & versionMask}`);
  if ((metadata & packingMask) !== 0) return { kind: 'packed' };
  const count = claimedRecords(data);
  if (count > recordsMax) return { kind: 'too-many', records: count };
  const bytes = data.readUInt32BE(12);
  if (bytes !== data.length - headerBytes)
    return bad(`it says ${bytes} bytes and has ${data.length - headerBytes}`);
  const records: Buffer[] = [];
  let at = headerBytes;
  while (at + 4 <= data.length) {
    if (records.length === count) return bad(`it says ${count} records and has more`);
    const end = at + 4 + data.readUInt32BE(at);
    if (end > data.length) break;
    records.push(data.subarray(at + 4, end));
    at = end;
  }
  if (at !== data.length || records.length !== count || count === 0)
    return bad(`it says ${count} records and has ${records.length} whole ones`);
  return { kind: 'records', records };
}

function bad(what: string): DecodedSet {
  return { kind: 'bad', what };
}
