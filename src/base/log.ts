import { chmodSync, statSync, writeSync } from 'node:fs';
import { pino } from 'pino';
import { describeError } from './errors.ts';
import { loggable } from './log-fields.ts';
import { rollFile } from './roll-file.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * One event a line: a constant `event` name (`segment.rolled`) and its data in fields. info = an operator would act or
 * count on it; debug = changes of state; never one call per tuple.
 */
export interface Logger {
  debug(fields: { readonly event: string } & Readonly<Record<string, unknown>>): void;
  info(fields: { readonly event: string } & Readonly<Record<string, unknown>>): void;
  warn(fields: { readonly event: string } & Readonly<Record<string, unknown>>): void;
  error(fields: { readonly event: string } & Readonly<Record<string, unknown>>): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

/** Lines that wait for a file that cannot be written; beyond it the newest are lost. */
const waitingBytesMax = 1 << 20;
/** A log file of this size is renamed to `.1`; with its old files a log takes at most six times this size. */
const fileBytesMax = 10 << 20;
const oldFilesMax = 5;
const privateMode = 0o600;

/**
 * A logger that writes JSON lines to a file descriptor (2: standard error) or to a file, synchronously. A file that cannot
 * be written (a full disk) disturbs nobody: standard error says so once, what fits waits for the next line that can be.
 * Texts are cut at 300 characters and stacks at 4,000; passwords of URLs are hidden. A file is rolled at 10 MiB, and five old
 * files are kept. `isPrivate`: only the owner can read the file.
 */
export function openLog(options: {
  readonly level: LogLevel;
  readonly destination: number | string;
  readonly isPrivate?: boolean;
}): Logger {
  const { destination, isPrivate = false } = options;
  const mode = isPrivate ? { mode: privateMode } : {};
  const file = pino.destination({
    ...{ dest: destination, sync: true, mkdir: true, maxLength: waitingBytesMax },
    ...mode,
  });
  let isUnwritable = false;
  const size = new FileSize(destination);
  file.on('write', (bytes: number) => {
    isUnwritable = false;
    size.bytes += bytes;
  });
  const onError = (error: unknown): void => {
    if (!isUnwritable && destination !== process.stderr.fd)
      complain(`the log ${destination} cannot be written: ${describeError(error)}\n`);
    isUnwritable = true;
  };
  file.on('error', onError);
  if (isPrivate && size.isFile) chmodSync(String(destination), privateMode); // a file of an earlier release
  const base = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: loggable },
    },
    file,
  );
  return wrap(base, () => {
    if (!size.isFile || size.bytes < fileBytesMax) return;
    size.bytes = 0;
    try {
      rollFile(String(destination), oldFilesMax);
      file.reopen();
    } catch (error) {
      onError(error);
    }
  });
}

/** The size of a log file as far as this process knows. Devices and pipes cannot be rolled. */
class FileSize {
  readonly isFile: boolean;
  bytes: number;

  constructor(destination: number | string) {
    const found =
      typeof destination === 'string' ? statSync(destination, { throwIfNoEntry: false }) : undefined;
    this.isFile = found?.isFile() === true;
    this.bytes = found?.size ?? 0;
  }
}

/** Standard error may be a file of the same full disk: then there is nobody left to tell. A stream would end the process. */
function complain(text: string): void {
  try {
    writeSync(process.stderr.fd, text);
  } catch {
    // see above
  }
}

/** A logger that drops everything. */
export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

/** `before` runs before each line. */
function wrap(target: pino.Logger, before: () => void): Logger {
  const write =
    (level: LogLevel) =>
    (fields: { readonly event: string }): void => {
      before();
      target[level](fields);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(target.child(loggable(fields)), before),
  };
}
