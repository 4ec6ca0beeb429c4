import { errorCode, GatewayError } from './errors.ts';

/**
 * Runs what frees space. While it fails because the disk is full, a piece of the reserve is given up from
 * time to time and the action is called again, for at most 10 s: it must be safe to repeat. `what` names it
 * for the refusal, a `STATE_UNAVAILABLE` that says what to delete. Other errors are thrown as they come.
 */
export type Freeing = <T>(what: string, action: () => Promise<T>) => Promise<T>;

/** Runs the action once: for rooms that have no reserve. */
export const withoutReserve: Freeing = (_what, action) => action();

/** For a message that says what could not be written: why, and what to do. */
export function diskFullText(dir: string): string {
  return `the disk is full: free space on the disk of ${dir} (kill topologies, delete streams or old logs)`;
}

/** An error of a file system, or of a state store, that has no space left. */
export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  if (error instanceof GatewayError && error.facts['isDiskFull'] === true) return true;
  return error instanceof Error && error.cause !== undefined && isDiskFull(error.cause);
}
