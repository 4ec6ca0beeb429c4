/** An unfinished upload, as the rules below see it. All times are of one monotonic clock. */
export interface OpenUpload {
  readonly location: string;
  /** The address of the client that began it. */
  readonly address: string;
  readonly bytes: number;
  readonly begunAtMs: number;
  /** The time of the last call. */
  readonly touchedAtMs: number;
  /** When {@link progressBytes} were last received in full. */
  readonly progressedAtMs: number;
  /** When the last connection that made calls on it closed; undefined while one is open. */
  readonly orphanedAtMs: number | undefined;
}

/** Bytes that count as progress: a byte now and then does not. */
export const progressBytes = 16 * 1024;

export interface UploadLimits {
  /** `egret.uploads.max`. */
  readonly uploadsMax: number;
  /** `egret.uploads.per.address.max`. */
  readonly uploadsPerAddressMax: number;
  /** `nimbus.file.copy.expiration.secs`: an upload without a call for this long expires. */
  readonly idleMs: number;
  /** The same for an upload whose connections have all closed. */
  readonly orphanMs: number;
  /** `egret.upload.timeout.secs`: the limit for a whole upload. */
  readonly wholeMsMax: number;
  /** After this long without progress, an upload yields its place if all places are taken. */
  readonly yieldMs: number;
}

export type Admission =
  | { readonly kind: 'admitted' }
  /** Admitted in place of this upload, which expires. */
  | { readonly kind: 'instead-of'; readonly upload: OpenUpload }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Decides whether a client at `address` may begin another upload. If all places of its address are taken, a
 * stalled upload of its own must yield. If all places of the inbox are taken, a stalled upload must yield
 * that is its own or belongs to an address with more uploads: of the address with the most uploads, the one
 * that has been stalled longest.
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
      ? `${own} uploads from ${address} are open, the limit for one address (egret.uploads.per.address.max)`
      : `${open.length} uploads are open, the limit (egret.uploads.max)`,
  };
}

/** Why an upload expires, or undefined while it may continue. */
export function endOfUpload(upload: OpenUpload, nowMs: number, limits: UploadLimits): string | undefined {
  const { idleMs, orphanMs, wholeMsMax } = limits;
  if (nowMs - upload.begunAtMs >= wholeMsMax)
    return `it was not finished within ${wholeMsMax} ms (egret.upload.timeout.secs)`;
  if (nowMs - upload.touchedAtMs >= idleMs)
    return `it received no call for ${idleMs} ms (nimbus.file.copy.expiration.secs)`;
  if (upload.orphanedAtMs !== undefined && nowMs - upload.orphanedAtMs >= Math.min(orphanMs, idleMs))
    return 'its connection closed and no other connection resumed it';
  return undefined;
}

/** What the inbox holds, and the free space of its disk. */
export interface InboxUse {
  /** Finished uploads that no submission has taken. */
  readonly finishedFiles: number;
  readonly finishedBytes: number;
  /** Bytes of the other open uploads. */
  readonly openBytes: number;
  /** Bytes of the upload in question, with the chunk that has just arrived. */
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
 * Why the inbox accepts no more bytes, or undefined. Besides the limits of the inbox, other uploads may hold
 * at most as many bytes as the disk still has free: the rest is for running topologies. A single client may
 * use all of it.
 */
export function inboxFault(use: InboxUse, { filesMax, bytesMax }: InboxBounds): string | undefined {
  const { finishedFiles, finishedBytes, openBytes, ownBytes, diskBytesFree } = use;
  const others = finishedBytes + openBytes;
  if (finishedFiles >= filesMax)
    return `it holds ${finishedFiles} finished uploads, the limit (egret.inbox.max.files)`;
  if (others + ownBytes > bytesMax)
    return `uploads hold ${others} bytes of the ${bytesMax} allowed (egret.inbox.max.bytes)`;
  if (others > diskBytesFree)
    return `uploads hold ${others} bytes and its disk has ${diskBytesFree} bytes free`;
  return undefined;
}
