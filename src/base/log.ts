import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { describeError } from './errors.ts';

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

/**
 * A logger that writes JSON lines to a file descriptor (2: standard error) or to a file, synchronously. A file that cannot
 * be written (a full disk) disturbs nobody: standard error says so once, what fits waits for the next line that can be.
 */
export function openLog(options: {
  readonly level: LogLevel;
  readonly destination: number | string;
}): Logger {
  const { destination } = options;
  const file = pino.destination({ dest: destination, sync: true, mkdir: true, maxLength: waitingBytesMax });
  let isUnwritable = false;
  file.on('write', () => {
    isUnwritable = false;
  });
  file.on('error', (error: unknown) => {
    if (!isUnwritable && destination !== process.stderr.fd)
      complain(`the log ${destination} cannot be written: ${describeError(error)}\n`);
    isUnwritable = true;
  });
  const base = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    },
    file,
  );
  return wrap(base);
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

function wrap(target: pino.Logger): Logger {
  return {
    debug: (fields) => target.debug(fields),
    info: (fields) => target.info(fields),
    warn: (fields) => target.warn(fields),
    error: (fields) => target.error(fields),
    child: (fields) => wrap(target.child(fields)),
  };
}
