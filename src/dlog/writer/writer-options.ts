import { recordBytesMax } from '../../base/index.ts';
import type { Compression } from '../format/codec.ts';
import type { Durability } from '../format/segment-header.ts';
import type { QueueLimits } from './group-queue.ts';

export interface WriterOptions extends QueueLimits {
  /** What an acknowledgement means. Default: the strongest durability that the storage supports. */
  readonly durability: Durability;
  readonly compression: Compression;
  /** The most bytes in one record, and in all records of one append together. */
  readonly recordBytesMax: number;
  readonly batchBytesMax: number;
  /** A segment of that size or age is followed by a new one, unless it is empty. */
  readonly rollBytes: number;
  readonly rollAfterMs: number;
  /**
   * After this long without an append, the writer announces the confirmed position to readers of other
   * processes.
   */
  readonly announceAfterMs: number;
  /** How long a stream may stay without an owner after its owner has died. */
  readonly leaseTtlMs: number;
  /** The address that other clients are redirected to: part of the answer when they ask for the stream. */
  readonly address: string;
}

/** 1 MiB less 8 KiB, and less 4 KiB: as in DistributedLog. */
export const writerDefaults: Omit<WriterOptions, 'durability'> = {
  compression: 'none',
  recordBytesMax,
  batchBytesMax: 1024 * 1024 - 4096,
  groupBytesMax: 1024 * 1024,
  groupRecordsMax: 8192,
  queueBytesMax: 8 * 1024 * 1024,
  queueRecordsMax: 65_536,
  rollBytes: 128 * 1024 * 1024,
  rollAfterMs: 2 * 3600 * 1000,
  announceAfterMs: 10,
  leaseTtlMs: 3000,
  address: '',
};
