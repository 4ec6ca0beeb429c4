import { describeError, errorCode } from '../../../base/index.ts';

/**
 * Explains a fault of the log to a user who reads the errors of a component, with a remedy where there is
 * one.
 */
export function describeLogFault(error: unknown): string {
  const codes = codesOf(error);
  const what = describeError(error);
  if (codes.includes('ENOSPC') || codes.includes('EDQUOT'))
    return `the disk of the log is full, nothing can be appended until there is room: ${what}`;
  if (codes.includes('LEASE_LOST') || codes.includes('SEGMENT_FENCED'))
    return `another task has become the owner of the stream, this task retries: ${what}`;
  return what;
}

function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    const code = errorCode(each);
    if (code !== undefined) codes.push(code);
  }
  return codes;
}
