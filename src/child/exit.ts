/** How a process ended. Recorded once. */
export interface ChildExit {
  /** Its exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /**
   * The last lines of its standard error, oldest first, at most {@link stderrLinesKeptMax}; empty when it
   * went elsewhere.
   */
  readonly lastStderrLines: readonly string[];
}

export const stderrLinesKeptMax = 50;

/** `exited with code 3`, `was ended by SIGSEGV`, and its last line of standard error if there is one. */
export function describeExit(exit: ChildExit): string {
  const how =
    exit.signal === null ? `exited with code ${exit.code ?? 'unknown'}` : `was ended by ${exit.signal}`;
  const said = exit.lastStderrLines.findLast((line) => line.trim() !== '');
  return said === undefined ? how : `${how}; its last words on stderr: ${said.trim()}`;
}
