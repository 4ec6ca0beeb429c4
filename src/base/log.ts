import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { describeError } from './errors.ts';
import { loggable } from './log-fields.ts';
import { LogFile } from './log-file.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * One event a line: a constant `event` name (`segment.rolled`) and its data in fields. info = an operator
 * would act or count on it; debug = changes of state; never one call per tuple.
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
const privateMode = 0o600;

/**
 * A logger that writes JSON lines to a file descriptor (2: standard error) or to a file, synchronously. A
 * file that cannot be written (a full disk) never fails the caller: standard error says so once, and what
 * fits waits for the next line. Texts are cut at 300 characters and stacks at 4,000; passwords of URLs are
 * hidden. A file is rolled at 10 MiB, and five old files are kept. A file that was deleted or moved away is
 * re-created, with its directory, by a line that is written a second later or more. `isPrivate`: only the
 * owner can read the file. `monotonicMs`: default the machine's clock.
 */
export function openLog(options: {
  readonly level: LogLevel;
  readonly destination: number | string;
  readonly isPrivate?: boolean;
  readonly monotonicMs?: () => number;
}): Logger {
  const { destination, isPrivate = false, monotonicMs = () => performance.now() } = options;
  const mode = isPrivate ? privateMode : undefined;
  const writer = pino.destination({
    ...{ dest: destination, sync: true, mkdir: true, maxLength: waitingBytesMax },
    ...(mode === undefined ? {} : { mode }),
  });
  const file =
    typeof destination === 'string' ? new LogFile({ path: destination, mode, monotonicMs }) : undefined;
  const failing = new Set<'write' | 'open'>();
  const onError = (what: 'write' | 'open', error: unknown): void => {
    if (!failing.has(what) && destination !== process.stderr.fd)
      complain(`the log ${destination} cannot be written: ${describeError(error)}\n`);
    failing.add(what);
  };
  writer.on('write', (bytes: number) => {
    failing.delete('write');
    file?.wrote(bytes);
  });
  writer.on('error', (error: unknown) => onError('write', error));
  const base = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: loggable },
    },
    writer,
  );
  return wrap(base, () => {
    try {
      if (file?.mustReopen() !== true) return;
      writer.reopen();
      failing.delete('open');
    } catch (error) {
      onError('open', error);
    }
  });
}

/**
 * Standard error may be a file on the same full disk: then the error is dropped. A stream would end the
 * process.
 */
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
