/** A log under measurement, in a directory of its own, up and empty. */
export interface Subject {
  readonly name: string;
  /** What an acknowledgement means: only subjects of one level are compared. */
  readonly level: 'disk' | 'page cache';
  /** Makes that many streams and readies a writer for each. */
  open(scratch: string, streams: number): Promise<OpenSubject>;
}

export interface OpenSubject {
  /** Processes of the subject that are not this one. */
  readonly pids: readonly number[];
  /** Resolves when the record is acknowledged; rejects when it is not. */
  append(stream: number, payload: Buffer): Promise<unknown>;
  /** Calls `onRecord` for each record that comes from now on. Resolves when the reader is at the end. */
  tail(stream: number, onRecord: (payload: Uint8Array) => void): Promise<AsyncDisposable>;
  close(): Promise<void>;
}
