/** An upload that was begun and is not finished, as far as the rules below need it. Times are of one monotonic clock. */
export interface OpenUpload {
  readonly location: string;
  /** Of the client that began it. */
  readonly address: string;
  readonly bytes: number;
  readonly begunAtMs: number;
  /** Of the last call. */
  readonly touchedAtMs: number;
  /** When the last {@link progressBytes} of it were complete. */
  readonly progressedAtMs: number;
  /** When the last of the connections that touched it closed; undefined while one is open. */
  readonly orphanedAtMs: number | undefined;
}

/** So many bytes are progress: a byte now and then is none. */
export const progressBytes = 16 * 1024;

export interface UploadLimits {
  /** `egret.uploads.max`. */
  readonly uploadsMax: number;
  /** `egret.uploads.per.address.max`. */
  readonly uploadsPerAddressMax: number;
  /** `nimbus.file.copy.expiration.secs`: without a call for this long an upload is given up. */
  readonly idleMs: number;
  /** The same, once no connection is left that touched it. */
  readonly orphanMs: number;
  /** `egret.upload.timeout.secs`: from its begin to its end, whatever comes meanwhile. */
  readonly wholeMsMax: number;
  /** Without progress for this long it makes room for another client where all places are taken. */
  readonly yieldMs: number;
}

export type Admission =
  | { readonly kind: 'admitted' }
  /** Once this one is given up. */
  | { readonly kind: 'instead-of'; readonly upload: OpenUpload }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Whether a client at `address` may begin another upload. Where the places of its address are taken, one of its own that
 * makes no progress has to go; where all are taken, one of an address that has more than this one, or one of its own:
 * of the address with the most the one that has made no progress for longest.
 */
export function admitUpload(
  open: readonly OpenUpload[],
  { address, nowMs }: { readonly address: string; readonly nowMs: number },
  limits: UploadLimits,
): Admission {
  const counts = new Map<string, number>();
  for (const upload of open) counts.set(upload.address, (counts.get(upload.address) ?? 0) + 1);
  const countOf = (upload: OpenUpload): number => counts.get(upload.address)!;
  const own = counts.get(address) ?? 0;
  const isCrowded = own >= limits.uploadsPerAddressMax;
  if (!isCrowded && open.length < limits.uploadsMax) return { kind: 'admitted' };
  const [first] = open
    .filter((upload) => nowMs - upload.progressedAtMs >= limits.yieldMs)
    .filter((upload) => upload.address === address || (!isCrowded && countOf(upload) > own))
    .sort((left, right) => countOf(right) - countOf(left) || left.progressedAtMs - right.progressedAtMs);
  if (first !== undefined) return { kind: 'instead-of', upload: first };
  return {
    kind: 'refused',
    reason: isCrowded
      ? `${own} uploads from ${address} are open, the most for one address (egret.uploads.per.address.max)`
      : `${open.length} uploads are open, which is the most allowed (egret.uploads.max)`,
  };
}

/** Why an upload is over, or undefined while it may continue. */
export function endOfUpload(upload: OpenUpload, nowMs: number, limits: UploadLimits): string | undefined {
  const { idleMs, orphanMs, wholeMsMax } = limits;
  if (nowMs - upload.begunAtMs >= wholeMsMax)
    return `it was not finished within ${wholeMsMax} ms (egret.upload.timeout.secs)`;
  if (nowMs - upload.touchedAtMs >= idleMs)
    return `no call came for ${idleMs} ms (nimbus.file.copy.expiration.secs)`;
  if (upload.orphanedAtMs !== undefined && nowMs - upload.orphanedAtMs >= Math.min(orphanMs, idleMs))
    return 'its connection closed and no other took it up';
  return undefined;
}

/** What lies in the inbox, and what its disk has room for. */
export interface InboxUse {
  /** Finished uploads that no submission has taken. */
  readonly finishedFiles: number;
  readonly finishedBytes: number;
  /** Of open uploads but the one that is asked about. */
  readonly openBytes: number;
  /** Of the one that is asked about, with what has just come. */
  readonly ownBytes: number;
  readonly diskBytesFree: number;
}

export interface InboxBounds {
  /** `egret.inbox.max.files`. */
  readonly filesMax: number;
  /** `egret.inbox.max.bytes`. */
  readonly bytesMax: number;
}

/**
 * Why the inbox takes no more, or undefined. Beside its own bounds, the uploads of others may take at most as much of
 * the disk as is still free: the rest belongs to what runs. One client alone may fill what there is.
 */
export function inboxFault(use: InboxUse, { filesMax, bytesMax }: InboxBounds): string | undefined {
  const { finishedFiles, finishedBytes, openBytes, ownBytes, diskBytesFree } = use;
  const others = finishedBytes + openBytes;
  if (finishedFiles >= filesMax)
    return `it holds ${finishedFiles} finished uploads, the most allowed (egret.inbox.max.files)`;
  if (others + ownBytes > bytesMax)
    return `uploads hold ${others} bytes of the ${bytesMax} allowed (egret.inbox.max.bytes)`;
  if (others > diskBytesFree)
    return `uploads hold ${others} bytes and its disk has ${diskBytesFree} bytes free`;
  return undefined;
}
