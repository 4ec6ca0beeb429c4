/**
 * dlog: streams of records, cut into segments, written by one owner at a time and read by many. Stands alone
 * on base and coordination.
 *
 * Boundary: a {@link LogStorage} keeps the bytes (local files, or topics of Kafka; memory for tests), a
 * StateStore decides who should write. With files nothing else is needed: no server, no other process.
 * `openStorage` opens the configured storage.
 *
 * Invariants: every later reader reads an acknowledged record at the same position, permanently; no reader
 * sees an uncommitted record; a fenced owner acknowledges nothing; a sealed segment never changes; damage is
 * an error, not a shorter stream. The state store may lose everything without breaking any of these.
 *
 * Start at distributed-log.ts, then writer/log-writer.ts, reader/log-reader.ts, storage/storage.ts; format/
 * has the bytes.
 */
export { checkStream } from './check/check-stream.ts';
export type { CheckResult, Finding } from './check/finding.ts';
export { DistributedLog } from './distributed-log.ts';
export { readVarint } from './format/bytes.ts';
export { compareDlsn, type Dlsn, deserializeDlsn, serializeDlsn } from './format/dlsn.ts';
export type { LogRecord } from './format/entry.ts';
export { SegmentEntry } from './format/segment-entry.ts';
export type { LogReader } from './reader/log-reader.ts';
export { LogPush } from './reader/push.ts';
export type { ReadResult } from './reader/read-result.ts';
export type { ReadFrom } from './reader/start.ts';
export type { RepairChoice } from './repair/choice.ts';
export type { RetentionPolicy } from './retention.ts';
export { parseSettings, type StreamSettings } from './settings.ts';
export { checkStreamName } from './storage/faults.ts';
export { LocalStorage } from './storage/local-storage.ts';
export { type OpenedStorage, openStorage, type StorageSettings } from './storage/open-storage.ts';
export type { LogStorage } from './storage/storage.ts';
export type { LogWriter } from './writer/log-writer.ts';
export type { AppendOutcome } from './writer/outcome.ts';
export type { WriterOptions } from './writer/writer-options.ts';
