/*
 * The distributed log as a service. The methods of DistributedLog 0.5's write proxy keep their names, ids and
 * status codes, so a client that knows those methods can write here. Reading, listing and sealing, which its
 * proxy left to its library, are ours (the comments of such fields and methods begin with "Ours"). The
 * TypeScript in src/rpc/gen is generated from this file by `npm run gen`; the conventions are those of
 * storm.thrift.
 *
 * `delete` is DistributedLog's name, but Thrift's compilers reserve that word. `deleteStream` does the same:
 * users of those compilers leave the line of `delete` out.
 *
 * A position (dlsn) is a version byte (1) and three big-endian 64-bit integers (segment, entry, slot) in
 * base64.
 */
namespace java com.twitter.distributedlog.thrift.service
namespace py distributedlog

/**
 * The result of a request. 302: `location` is the owner of the stream. docs/dlog.md lists the 5xx codes that
 * are temporary.
 */
enum StatusCode {
  SUCCESS = 200
  CLIENT_CLOSED = 301
  FOUND = 302
  REQUEST_DENIED = 403
  TOO_LARGE_RECORD = 413
  INTERNAL_SERVER_ERROR = 500
  NOT_IMPLEMENTED = 501
  ALREADY_CLOSED = 502
  SERVICE_UNAVAILABLE = 503
  LOCKING_EXCEPTION = 504
  ZOOKEEPER_ERROR = 505
  METADATA_EXCEPTION = 506
  BK_TRANSMIT_ERROR = 507
  FLUSH_TIMEOUT = 508
  LOG_EMPTY = 509
  LOG_NOT_FOUND = 510
  TRUNCATED_TRANSACTION = 511
  END_OF_STREAM = 512
  TRANSACTION_OUT_OF_ORDER = 513
  WRITE_EXCEPTION = 514
  STREAM_UNAVAILABLE = 515
  WRITE_CANCELLED_EXCEPTION = 516
  OVER_CAPACITY = 517
  STREAM_NOT_READY = 518
  REGION_UNAVAILABLE = 519
  INVALID_ENVELOPED_ENTRY = 520
  UNSUPPORTED_METADATA_VERSION = 521
  LOG_EXISTS = 522
  CHECKSUM_FAILED = 523
  TOO_MANY_STREAMS = 524
  LOG_SEGMENT_NOT_FOUND = 525
  END_OF_LOG_SEGMENT = 526
  LOG_SEGMENT_IS_TRUNCATED = 527
  UNEXPECTED = 600
  INTERRUPTED = 601
  INVALID_STREAM_NAME = 602
  ILLEGAL_STATE = 603
  RETRYABLE_READ = 1000
  LOG_READ_ERROR = 1001
  READ_CANCELLED_EXCEPTION = 1002
}

enum ServerStatus {
  WRITE_AND_ACCEPT = 100
  WRITE_ONLY = 200
  DOWN = 300
}

struct ResponseHeader {
  1: required StatusCode code;
  2: optional string errMsg;
  3: optional string location;
  /**
   * Ours. True: the record may be in the stream, now or later, at most once. Otherwise a code other than 200
   * means that it never will be.
   */
  16: optional bool isUnknown;
}

struct WriteResponse {
  1: required ResponseHeader header;
  2: optional string dlsn;
}

struct BulkWriteResponse {
  1: required ResponseHeader header;
  2: optional list<WriteResponse> writeResponses;
}

struct WriteContext {
  1: optional set<string> triedHosts;
  2: optional i64 crc32;
  3: optional bool isRecordSet;
  /**
   * Ours. Writes of one connection and one session are in the stream in the order they were sent, without a
   * hole: after a write that was not committed every later one is cancelled (516). The client then continues
   * with a higher session number (from 1). Without a session each write is independent.
   */
  16: optional i64 session;
}

struct ClientInfo {
  1: optional string streamNameRegex;
  2: optional bool getOwnerships;
}

struct ServerInfo {
  1: optional map<string, string> ownerships;
  2: optional ServerStatus serverStatus;
}

/**
 * Ours. Where to begin: the oldest retained record, behind the last record, a position, or the first entry
 * written at a time (ms) or later.
 */
union ReadFrom {
  1: bool earliest;
  2: bool latest;
  3: string dlsn;
  4: i64 timeMs;
}

/** Ours. */
struct ReadRecord {
  1: required string dlsn;
  2: required i64 transactionId;
  3: required i64 sequenceId;
  4: required binary payload;
}

/**
 * Ours. `nextDlsn` is where the next read continues. `moved`: the records before it were truncated; reported
 * once, without records.
 */
struct ReadResponse {
  1: required ResponseHeader header;
  2: optional list<ReadRecord> records;
  3: optional string nextDlsn;
  4: optional bool moved;
  5: optional bool isEnd;
}

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
struct ReadEntriesResponse {
  1: required ResponseHeader header;
  2: optional binary entries;
  3: optional i32 firstSlot;
  4: optional string nextDlsn;
  5: optional bool moved;
  6: optional bool isEnd;
}

/** Ours. */
struct SegmentInfo {
  1: required i64 lssn;
  2: required i64 epoch;
  3: required bool isSealed;
  4: required i64 entries;
  5: required i64 records;
  6: required i64 bytes;
}

/** Ours. The settings of a new stream; the gateway's defaults apply to missing ones. */
struct StreamSettings {
  /**
   * What an acknowledgement means: memory, os (page cache) or fsync (the default), as far as the storage
   * supports it.
   */
  1: optional string durability;
  /** none (the default) or snappy. */
  2: optional string compression;
  /** A segment of that size or age is followed by a new one. Retention deletes only whole segments. */
  3: optional i64 segmentBytes;
  4: optional i64 segmentAgeMs;
  /** Segments that were sealed longer ago are deleted. */
  5: optional i64 retentionMs;
  /** The oldest segments are deleted while the sealed ones exceed this size. */
  6: optional i64 retentionBytes;
}

/**
 * Ours. `nextDlsn` is where the next record goes, as far as it is known. The counts of a segment are those of
 * its seal.
 */
struct StreamResponse {
  1: required ResponseHeader header;
  2: optional string name;
  3: optional string nextDlsn;
  4: optional bool isEnded;
  5: optional string owner;
  6: optional list<SegmentInfo> segments;
  7: optional StreamSettings settings;
  /**
   * The records that the answering gateway accepted above the stream's soft quota since it owns the stream.
   */
  8: optional i64 recordsOverQuota;
}

/** Ours. */
struct StreamsResponse {
  1: required ResponseHeader header;
  2: optional list<string> streams;
}

/** Ours. */
struct NamespacesResponse {
  1: required ResponseHeader header;
  2: optional list<string> names;
}

/** Ours. The owner of a stream, and the remaining time of its lease. */
struct StreamOwner {
  1: required string stream;
  2: required string owner;
  3: required i64 leaseLeftMs;
}

/** Ours. */
struct OwnersResponse {
  1: required ResponseHeader header;
  2: optional list<StreamOwner> owners;
}

/**
 * Ours. DAMAGE: something is wrong. REPAIRABLE: `repair` can fix it without losing anything. NOTE: nothing is
 * wrong, but it is good to know.
 */
enum FindingKind {
  DAMAGE = 1
  REPAIRABLE = 2
  NOTE = 3
}

/** Ours. `place` is the byte or entry in the file, counted as people count; empty for the file as a whole. */
struct Finding {
  1: required FindingKind kind;
  2: required string file;
  3: required string place;
  4: required string meaning;
}

/**
 * Ours. The result of one call. `nextLssn` is the segment from which the next call must continue, if anything
 * is left.
 */
struct CheckResponse {
  1: required ResponseHeader header;
  2: optional list<Finding> findings;
  3: optional i64 segments;
  4: optional i64 entries;
  5: optional i64 records;
  6: optional i64 bytes;
  7: optional i64 nextLssn;
}

/**
 * Ours. Without a choice, a repair does only what loses nothing. `dropAfter`: the entry with that position is
 * the last one kept. `dropBefore`: the segment that begins there is the first one kept. What is removed is
 * set aside, in the directory that the answer names.
 */
struct RepairChoice {
  1: optional string dropAfter;
  2: optional string dropBefore;
}

/** Ours. `done`: what was done, one sentence each. `left`: what is still wrong. */
struct RepairResponse {
  1: required ResponseHeader header;
  2: optional list<string> done;
  3: optional list<Finding> left;
  4: optional string aside;
}

/** Ours. `changes`: how many records of the state store were missing or wrong. */
struct RebuildResponse {
  1: required ResponseHeader header;
  2: optional i64 changes;
}

/** DistributedLog's write proxy, with the reading side that it lacked. */
service DistributedLogService {
  ServerInfo handshake();
  ServerInfo handshakeWithClientInfo(1: ClientInfo clientInfo);
  WriteResponse write(1: string stream, 2: binary data);
  WriteResponse writeWithContext(1: string stream, 2: binary data, 3: WriteContext ctx);
  BulkWriteResponse writeBulkWithContext(1: string stream, 2: list<binary> data, 3: WriteContext ctx);
  WriteResponse truncate(1: string stream, 2: string dlsn, 3: WriteContext ctx);
  WriteResponse release(1: string stream, 2: WriteContext ctx);
  WriteResponse create(1: string stream, 2: WriteContext ctx);
  WriteResponse getOwner(1: string stream, 2: WriteContext ctx);
  WriteResponse delete(1: string stream, 2: WriteContext ctx);
  WriteResponse seal(1: string stream, 2: WriteContext ctx);
  ReadResponse read(1: string stream, 2: ReadFrom start, 3: i32 recordsMax, 4: i32 bytesMax, 5: i32 waitMs);
  StreamsResponse listStreams(1: string inNamespace);
  StreamResponse describe(1: string stream);
  WriteResponse deleteStream(1: string stream);
  /**
   * Ours. Sets where a subscriber continues; backwards is allowed. Its current reader notices within a
   * second. The answer has the position.
   */
  WriteResponse moveSubscriber(1: string stream, 2: string subscriber, 3: ReadFrom to);
  WriteResponse createWith(1: string stream, 2: StreamSettings settings);
  NamespacesResponse namespaces();
  OwnersResponse owners(1: string inNamespace);
  CheckResponse check(1: string stream, 2: i64 fromLssn);
  RepairResponse repair(1: string stream, 2: RepairChoice choice);
  RebuildResponse rebuild(1: string stream);
  /** Ours. Like `read`. `bytesMax` counts whole entries; one entry is returned whatever its size. */
  ReadEntriesResponse readEntries(1: string stream, 2: ReadFrom start, 3: i32 bytesMax, 4: i32 waitMs);
}
