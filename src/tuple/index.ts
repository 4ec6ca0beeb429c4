/**
 * tuple: the wire of docs/wire.md without any socket: frames, the tuples in them, their typed values, and the
 * Java rules (hash codes, random numbers) that routing depends on. Pure; bytes come in, bytes go out.
 *
 * Reading:  FrameReader -> DataFrameCursor -> ValueReader / decodeValues
 * Writing:  ValueWriter -> DataFrameWriter -> FrameSlab
 * A stream manager uses only FrameReader and FrameSlab: frames are routed by their header, never read.
 * In the log:  readBatch -> RecordSplitter;  RecordJoiner -> RecordCursor
 *
 * Bytes handed to a callback are valid only during the call. Corrupt input is `WIRE_CORRUPT` or
 * `FRAME_TOO_LARGE` with the place. Start at frames.ts; the values' types are in values.ts.
 */
export { ByteWriter } from './bytes.ts';
export { DataFrameCursor } from './data-frame-cursor.ts';
export { DataFrameWriter } from './data-frame-writer.ts';
export { FrameSlab } from './frame-slab.ts';
export {
  encodeControlFrame,
  type FrameConsumer,
  FrameReader,
  frameBodyBytesMax,
  frameBytesTarget,
  frameCount,
  frameHeaderBytes,
  frameSource,
  frameStream,
  frameTarget,
} from './frames.ts';
export {
  bytesHash,
  deepHashCode,
  fieldsGroupingIndex,
  floorMod,
  javaHashCode,
  longGroupingIndex,
} from './java-hash.ts';
export { JavaRandom } from './java-random.ts';
export { javaToString } from './java-text.ts';
export { type JsonRules, valuesToJson } from './json-text.ts';
export { isContinuation, RecordJoiner, RecordSplitter } from './log-parts.ts';
export { type RecordBatch, RecordCursor, readBatch } from './log-record.ts';
export { decodeValues, ValueReader } from './value-reader.ts';
export { ValueWriter } from './value-writer.ts';
export {
  type JavaObject,
  type JavaValue,
  java,
  javaTypeName,
  nestingMax,
  type TypedJavaValue,
} from './values.ts';
export { forEachFrame } from './whole-frames.ts';
