import type { Logger } from '../base/index.ts';

export type LogLine = { readonly event: string } & Readonly<Record<string, unknown>>;

/** A logger that keeps its lines, with the fields of its parents, in `lines`. */
export function recordingLog(lines: LogLine[] = [], fields: Readonly<Record<string, unknown>> = {}) {
  const keep = (line: LogLine): void => void lines.push({ ...fields, ...line });
  const log: Logger & { readonly lines: readonly LogLine[] } = {
    lines,
    debug: keep,
    info: keep,
    warn: keep,
    error: keep,
    child: (more) => recordingLog(lines, { ...fields, ...more }),
  };
  return log;
}
