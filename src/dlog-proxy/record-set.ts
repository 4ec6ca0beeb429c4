/**
 * A set of records as DistributedLog's clients send it (LogRecordSet, 0.5): 32-bit integers, big-endian:
 * version and packing, count of records, their bytes unpacked, their bytes; then the bytes: of each record
 * its length and itself.
 */
const headerBytes = 16;
const versionMask = 0xf000;
const version = 0x1000;
const packingMask = 0x3;

export type DecodedSet =
  | { readonly kind: 'records'; readonly records: readonly Buffer[] }
  /** Packed in a way that is not taken here. */
  | { readonly kind: 'packed' }
  /** It claims more records than a set may have. */
  | { readonly kind: 'too-many'; readonly records: number }
  | { readonly kind: 'bad'; readonly what: string };

/** How many records a set claims to hold; 0 where its head is not whole. */
export function claimedRecords(data: Buffer): number {
  return data.length < headerBytes ? 0 : data.readUInt32BE(4);
}

/**
 * The records are parts of `data`. Looks at no more records than the set claims, and at none when it claims
 * more than `recordsMax`.
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
