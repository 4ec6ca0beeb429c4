// Generated from thrift/dlog.thrift by `npm run gen`. Do not edit.

import * as c from '../codec.ts';
import { type StructCodec, struct, union } from '../struct-codec.ts';

/**
 * The result of a request. 302: `location` is the owner of the stream. docs/dlog.md lists the 5xx codes that
 * are temporary.
 */
export type StatusCode =
  | 'SUCCESS'
  | 'CLIENT_CLOSED'
  | 'FOUND'
  | 'REQUEST_DENIED'
  | 'TOO_LARGE_RECORD'
  | 'INTERNAL_SERVER_ERROR'
  | 'NOT_IMPLEMENTED'
  | 'ALREADY_CLOSED'
  | 'SERVICE_UNAVAILABLE'
  | 'LOCKING_EXCEPTION'
  | 'ZOOKEEPER_ERROR'
  | 'METADATA_EXCEPTION'
  | 'BK_TRANSMIT_ERROR'
  | 'FLUSH_TIMEOUT'
  | 'LOG_EMPTY'
  | 'LOG_NOT_FOUND'
  | 'TRUNCATED_TRANSACTION'
  | 'END_OF_STREAM'
  | 'TRANSACTION_OUT_OF_ORDER'
  | 'WRITE_EXCEPTION'
  | 'STREAM_UNAVAILABLE'
  | 'WRITE_CANCELLED_EXCEPTION'
  | 'OVER_CAPACITY'
  | 'STREAM_NOT_READY'
  | 'REGION_UNAVAILABLE'
  | 'INVALID_ENVELOPED_ENTRY'
  | 'UNSUPPORTED_METADATA_VERSION'
  | 'LOG_EXISTS'
  | 'CHECKSUM_FAILED'
  | 'TOO_MANY_STREAMS'
  | 'LOG_SEGMENT_NOT_FOUND'
  | 'END_OF_LOG_SEGMENT'
  | 'LOG_SEGMENT_IS_TRUNCATED'
  | 'UNEXPECTED'
  | 'INTERRUPTED'
  | 'INVALID_STREAM_NAME'
  | 'ILLEGAL_STATE'
  | 'RETRYABLE_READ'
  | 'LOG_READ_ERROR'
  | 'READ_CANCELLED_EXCEPTION';
export const StatusCode: c.EnumCodec<StatusCode> = c.enumeration<StatusCode>('StatusCode', {
  SUCCESS: 200,
  CLIENT_CLOSED: 301,
  FOUND: 302,
  REQUEST_DENIED: 403,
  TOO_LARGE_RECORD: 413,
  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  ALREADY_CLOSED: 502,
  SERVICE_UNAVAILABLE: 503,
  LOCKING_EXCEPTION: 504,
  ZOOKEEPER_ERROR: 505,
  METADATA_EXCEPTION: 506,
  BK_TRANSMIT_ERROR: 507,
  FLUSH_TIMEOUT: 508,
  LOG_EMPTY: 509,
  LOG_NOT_FOUND: 510,
  TRUNCATED_TRANSACTION: 511,
  END_OF_STREAM: 512,
  TRANSACTION_OUT_OF_ORDER: 513,
  WRITE_EXCEPTION: 514,
  STREAM_UNAVAILABLE: 515,
  WRITE_CANCELLED_EXCEPTION: 516,
  OVER_CAPACITY: 517,
  STREAM_NOT_READY: 518,
  REGION_UNAVAILABLE: 519,
  INVALID_ENVELOPED_ENTRY: 520,
  UNSUPPORTED_METADATA_VERSION: 521,
  LOG_EXISTS: 522,
  CHECKSUM_FAILED: 523,
  TOO_MANY_STREAMS: 524,
  LOG_SEGMENT_NOT_FOUND: 525,
  END_OF_LOG_SEGMENT: 526,
  LOG_SEGMENT_IS_TRUNCATED: 527,
  UNEXPECTED: 600,
  INTERRUPTED: 601,
  INVALID_STREAM_NAME: 602,
  ILLEGAL_STATE: 603,
  RETRYABLE_READ: 1000,
  LOG_READ_ERROR: 1001,
  READ_CANCELLED_EXCEPTION: 1002,
});

export type ServerStatus =
  | 'WRITE_AND_ACCEPT'
  | 'WRITE_ONLY'
  | 'DOWN';
export const ServerStatus: c.EnumCodec<ServerStatus> = c.enumeration<ServerStatus>('ServerStatus', {
  WRITE_AND_ACCEPT: 100,
  WRITE_ONLY: 200,
  DOWN: 300,
});

/**
 * Ours. DAMAGE: something is wrong. REPAIRABLE: `repair` can fix it without losing anything. NOTE: nothing is
 * wrong, but it is good to know.
 */
export type FindingKind =
  | 'DAMAGE'
  | 'REPAIRABLE'
  | 'NOTE';
export const FindingKind: c.EnumCodec<FindingKind> = c.enumeration<FindingKind>('FindingKind', {
  DAMAGE: 1,
  REPAIRABLE: 2,
  NOTE: 3,
});

export interface ResponseHeader {
  readonly code: StatusCode;
  readonly errMsg?: string | undefined;
  readonly location?: string | undefined;
  readonly isUnknown?: boolean | undefined;
}
export const ResponseHeader: StructCodec<ResponseHeader> = struct<ResponseHeader>('ResponseHeader', [
  { id: 1, name: 'code', requiredness: 'required', codec: StatusCode },
  { id: 2, name: 'errMsg', requiredness: 'optional', codec: c.string },
  { id: 3, name: 'location', requiredness: 'optional', codec: c.string },
  { id: 16, name: 'isUnknown', requiredness: 'optional', codec: c.bool },
]);

export interface WriteResponse {
  readonly header: ResponseHeader;
  readonly dlsn?: string | undefined;
}
export const WriteResponse: StructCodec<WriteResponse> = struct<WriteResponse>('WriteResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'dlsn', requiredness: 'optional', codec: c.string },
]);

export interface BulkWriteResponse {
  readonly header: ResponseHeader;
  readonly writeResponses?: readonly WriteResponse[] | undefined;
}
export const BulkWriteResponse: StructCodec<BulkWriteResponse> = struct<BulkWriteResponse>('BulkWriteResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'writeResponses', requiredness: 'optional', codec: c.list(WriteResponse) },
]);

export interface WriteContext {
  readonly triedHosts?: ReadonlySet<string> | undefined;
  readonly crc32?: bigint | undefined;
  readonly isRecordSet?: boolean | undefined;
  readonly session?: bigint | undefined;
}
export const WriteContext: StructCodec<WriteContext> = struct<WriteContext>('WriteContext', [
  { id: 1, name: 'triedHosts', requiredness: 'optional', codec: c.set(c.string) },
  { id: 2, name: 'crc32', requiredness: 'optional', codec: c.i64 },
  { id: 3, name: 'isRecordSet', requiredness: 'optional', codec: c.bool },
  { id: 16, name: 'session', requiredness: 'optional', codec: c.i64 },
]);

export interface ClientInfo {
  readonly streamNameRegex?: string | undefined;
  readonly getOwnerships?: boolean | undefined;
}
export const ClientInfo: StructCodec<ClientInfo> = struct<ClientInfo>('ClientInfo', [
  { id: 1, name: 'streamNameRegex', requiredness: 'optional', codec: c.string },
  { id: 2, name: 'getOwnerships', requiredness: 'optional', codec: c.bool },
]);

export interface ServerInfo {
  readonly ownerships?: ReadonlyMap<string, string> | undefined;
  readonly serverStatus?: ServerStatus | undefined;
}
export const ServerInfo: StructCodec<ServerInfo> = struct<ServerInfo>('ServerInfo', [
  { id: 1, name: 'ownerships', requiredness: 'optional', codec: c.map(c.string, c.string) },
  { id: 2, name: 'serverStatus', requiredness: 'optional', codec: ServerStatus },
]);

/**
 * Ours. Where to begin: the oldest retained record, behind the last record, a position, or the first entry
 * written at a time (ms) or later.
 */
export type ReadFrom =
  | { readonly kind: 'earliest'; readonly value: boolean }
  | { readonly kind: 'latest'; readonly value: boolean }
  | { readonly kind: 'dlsn'; readonly value: string }
  | { readonly kind: 'timeMs'; readonly value: bigint };
export const ReadFrom = union<ReadFrom>('ReadFrom', [
  { id: 1, name: 'earliest', codec: c.bool },
  { id: 2, name: 'latest', codec: c.bool },
  { id: 3, name: 'dlsn', codec: c.string },
  { id: 4, name: 'timeMs', codec: c.i64 },
]);

/** Ours. */
export interface ReadRecord {
  readonly dlsn: string;
  readonly transactionId: bigint;
  readonly sequenceId: bigint;
  readonly payload: Buffer;
}
export const ReadRecord: StructCodec<ReadRecord> = struct<ReadRecord>('ReadRecord', [
  { id: 1, name: 'dlsn', requiredness: 'required', codec: c.string },
  { id: 2, name: 'transactionId', requiredness: 'required', codec: c.i64 },
  { id: 3, name: 'sequenceId', requiredness: 'required', codec: c.i64 },
  { id: 4, name: 'payload', requiredness: 'required', codec: c.binary },
]);

/**
 * Ours. `nextDlsn` is where the next read continues. `moved`: the records before it were truncated; reported
 * once, without records.
 */
export interface ReadResponse {
  readonly header: ResponseHeader;
  readonly records?: readonly ReadRecord[] | undefined;
  readonly nextDlsn?: string | undefined;
  readonly moved?: boolean | undefined;
  readonly isEnd?: boolean | undefined;
}
export const ReadResponse: StructCodec<ReadResponse> = struct<ReadResponse>('ReadResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'records', requiredness: 'optional', codec: c.list(ReadRecord) },
  { id: 3, name: 'nextDlsn', requiredness: 'optional', codec: c.string },
  { id: 4, name: 'moved', requiredness: 'optional', codec: c.bool },
  { id: 5, name: 'isEnd', requiredness: 'optional', codec: c.bool },
]);

/**
 * Ours. The answer of `read` as whole entries (an entry is committed at once), for clients that read much.
 * `entries` is a sequence of blocks:
 *
 *      0 i64 segment   8 i64 entry
 *     16 i64 transaction id of the first record   24 i64 sequence id of the first record
 *     32 i32 count of records   36 i32 bytes of records
 *     40 records: varint of the transaction id less the one before (0 for the first record), varint of the
 *        length, payload
 *
 * Integers are big-endian. Varints have seven bits per byte, lowest first, with the high bit set on all but
 * the last byte. A record's slot is its index in the block. The records of the first block before `firstSlot`
 * were not requested.
 */
export interface ReadEntriesResponse {
  readonly header: ResponseHeader;
  readonly entries?: Buffer | undefined;
  readonly firstSlot?: number | undefined;
  readonly nextDlsn?: string | undefined;
  readonly moved?: boolean | undefined;
  readonly isEnd?: boolean | undefined;
}
export const ReadEntriesResponse: StructCodec<ReadEntriesResponse> = struct<ReadEntriesResponse>('ReadEntriesResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'entries', requiredness: 'optional', codec: c.binary },
  { id: 3, name: 'firstSlot', requiredness: 'optional', codec: c.i32 },
  { id: 4, name: 'nextDlsn', requiredness: 'optional', codec: c.string },
  { id: 5, name: 'moved', requiredness: 'optional', codec: c.bool },
  { id: 6, name: 'isEnd', requiredness: 'optional', codec: c.bool },
]);

/** Ours. */
export interface SegmentInfo {
  readonly lssn: bigint;
  readonly epoch: bigint;
  readonly isSealed: boolean;
  readonly entries: bigint;
  readonly records: bigint;
  readonly bytes: bigint;
}
export const SegmentInfo: StructCodec<SegmentInfo> = struct<SegmentInfo>('SegmentInfo', [
  { id: 1, name: 'lssn', requiredness: 'required', codec: c.i64 },
  { id: 2, name: 'epoch', requiredness: 'required', codec: c.i64 },
  { id: 3, name: 'isSealed', requiredness: 'required', codec: c.bool },
  { id: 4, name: 'entries', requiredness: 'required', codec: c.i64 },
  { id: 5, name: 'records', requiredness: 'required', codec: c.i64 },
  { id: 6, name: 'bytes', requiredness: 'required', codec: c.i64 },
]);

/** Ours. The settings of a new stream; the gateway's defaults apply to missing ones. */
export interface StreamSettings {
  readonly durability?: string | undefined;
  readonly compression?: string | undefined;
  readonly segmentBytes?: bigint | undefined;
  readonly segmentAgeMs?: bigint | undefined;
  readonly retentionMs?: bigint | undefined;
  readonly retentionBytes?: bigint | undefined;
}
export const StreamSettings: StructCodec<StreamSettings> = struct<StreamSettings>('StreamSettings', [
  { id: 1, name: 'durability', requiredness: 'optional', codec: c.string },
  { id: 2, name: 'compression', requiredness: 'optional', codec: c.string },
  { id: 3, name: 'segmentBytes', requiredness: 'optional', codec: c.i64 },
  { id: 4, name: 'segmentAgeMs', requiredness: 'optional', codec: c.i64 },
  { id: 5, name: 'retentionMs', requiredness: 'optional', codec: c.i64 },
  { id: 6, name: 'retentionBytes', requiredness: 'optional', codec: c.i64 },
]);

/**
 * Ours. `nextDlsn` is where the next record goes, as far as it is known. The counts of a segment are those of
 * its seal.
 */
export interface StreamResponse {
  readonly header: ResponseHeader;
  readonly name?: string | undefined;
  readonly nextDlsn?: string | undefined;
  readonly isEnded?: boolean | undefined;
  readonly owner?: string | undefined;
  readonly segments?: readonly SegmentInfo[] | undefined;
  readonly settings?: StreamSettings | undefined;
  readonly recordsOverQuota?: bigint | undefined;
}
export const StreamResponse: StructCodec<StreamResponse> = struct<StreamResponse>('StreamResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'name', requiredness: 'optional', codec: c.string },
  { id: 3, name: 'nextDlsn', requiredness: 'optional', codec: c.string },
  { id: 4, name: 'isEnded', requiredness: 'optional', codec: c.bool },
  { id: 5, name: 'owner', requiredness: 'optional', codec: c.string },
  { id: 6, name: 'segments', requiredness: 'optional', codec: c.list(SegmentInfo) },
  { id: 7, name: 'settings', requiredness: 'optional', codec: StreamSettings },
  { id: 8, name: 'recordsOverQuota', requiredness: 'optional', codec: c.i64 },
]);

/** Ours. */
export interface StreamsResponse {
  readonly header: ResponseHeader;
  readonly streams?: readonly string[] | undefined;
}
export const StreamsResponse: StructCodec<StreamsResponse> = struct<StreamsResponse>('StreamsResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'streams', requiredness: 'optional', codec: c.list(c.string) },
]);

/** Ours. */
export interface NamespacesResponse {
  readonly header: ResponseHeader;
  readonly names?: readonly string[] | undefined;
}
export const NamespacesResponse: StructCodec<NamespacesResponse> = struct<NamespacesResponse>('NamespacesResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'names', requiredness: 'optional', codec: c.list(c.string) },
]);

/** Ours. The owner of a stream, and the remaining time of its lease. */
export interface StreamOwner {
  readonly stream: string;
  readonly owner: string;
  readonly leaseLeftMs: bigint;
}
export const StreamOwner: StructCodec<StreamOwner> = struct<StreamOwner>('StreamOwner', [
  { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
  { id: 2, name: 'owner', requiredness: 'required', codec: c.string },
  { id: 3, name: 'leaseLeftMs', requiredness: 'required', codec: c.i64 },
]);

/** Ours. */
export interface OwnersResponse {
  readonly header: ResponseHeader;
  readonly owners?: readonly StreamOwner[] | undefined;
}
export const OwnersResponse: StructCodec<OwnersResponse> = struct<OwnersResponse>('OwnersResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'owners', requiredness: 'optional', codec: c.list(StreamOwner) },
]);

/** Ours. `place` is the byte or entry in the file, counted as people count; empty for the file as a whole. */
export interface Finding {
  readonly kind: FindingKind;
  readonly file: string;
  readonly place: string;
  readonly meaning: string;
}
export const Finding: StructCodec<Finding> = struct<Finding>('Finding', [
  { id: 1, name: 'kind', requiredness: 'required', codec: FindingKind },
  { id: 2, name: 'file', requiredness: 'required', codec: c.string },
  { id: 3, name: 'place', requiredness: 'required', codec: c.string },
  { id: 4, name: 'meaning', requiredness: 'required', codec: c.string },
]);

/**
 * Ours. The result of one call. `nextLssn` is the segment from which the next call must continue, if anything
 * is left.
 */
export interface CheckResponse {
  readonly header: ResponseHeader;
  readonly findings?: readonly Finding[] | undefined;
  readonly segments?: bigint | undefined;
  readonly entries?: bigint | undefined;
  readonly records?: bigint | undefined;
  readonly bytes?: bigint | undefined;
  readonly nextLssn?: bigint | undefined;
}
export const CheckResponse: StructCodec<CheckResponse> = struct<CheckResponse>('CheckResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'findings', requiredness: 'optional', codec: c.list(Finding) },
  { id: 3, name: 'segments', requiredness: 'optional', codec: c.i64 },
  { id: 4, name: 'entries', requiredness: 'optional', codec: c.i64 },
  { id: 5, name: 'records', requiredness: 'optional', codec: c.i64 },
  { id: 6, name: 'bytes', requiredness: 'optional', codec: c.i64 },
  { id: 7, name: 'nextLssn', requiredness: 'optional', codec: c.i64 },
]);

/**
 * Ours. Without a choice, a repair does only what loses nothing. `dropAfter`: the entry with that position is
 * the last one kept. `dropBefore`: the segment that begins there is the first one kept. What is removed is
 * set aside, in the directory that the answer names.
 */
export interface RepairChoice {
  readonly dropAfter?: string | undefined;
  readonly dropBefore?: string | undefined;
}
export const RepairChoice: StructCodec<RepairChoice> = struct<RepairChoice>('RepairChoice', [
  { id: 1, name: 'dropAfter', requiredness: 'optional', codec: c.string },
  { id: 2, name: 'dropBefore', requiredness: 'optional', codec: c.string },
]);

/** Ours. `done`: what was done, one sentence each. `left`: what is still wrong. */
export interface RepairResponse {
  readonly header: ResponseHeader;
  readonly done?: readonly string[] | undefined;
  readonly left?: readonly Finding[] | undefined;
  readonly aside?: string | undefined;
}
export const RepairResponse: StructCodec<RepairResponse> = struct<RepairResponse>('RepairResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'done', requiredness: 'optional', codec: c.list(c.string) },
  { id: 3, name: 'left', requiredness: 'optional', codec: c.list(Finding) },
  { id: 4, name: 'aside', requiredness: 'optional', codec: c.string },
]);

/** Ours. `changes`: how many records of the state store were missing or wrong. */
export interface RebuildResponse {
  readonly header: ResponseHeader;
  readonly changes?: bigint | undefined;
}
export const RebuildResponse: StructCodec<RebuildResponse> = struct<RebuildResponse>('RebuildResponse', [
  { id: 1, name: 'header', requiredness: 'required', codec: ResponseHeader },
  { id: 2, name: 'changes', requiredness: 'optional', codec: c.i64 },
]);
