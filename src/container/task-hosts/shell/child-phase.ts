import { GatewayError } from '../../../base/index.ts';

/**
 * Where a shell task stands with its child:
 *
 *   waiting --handshake sent--> greeting --pid--> running --> ended
 *
 * A child may say its pid before the handshake goes out. Storm would find that in the pipe once it had sent
 * its own.
 */
export class ChildPhase {
  /** Invariant: `running` only after the handshake went out and the child said its pid. */
  #now: 'waiting' | 'greeting' | 'running' | 'ended' = 'waiting';
  #hasSaidPid = false;

  get now(): 'waiting' | 'greeting' | 'running' | 'ended' {
    return this.#now;
  }

  greeted(): void {
    this.#now = 'greeting';
  }

  /** Throws `CHILD_SPOKE_NONSENSE` for a second pid. */
  saidPid(pid: number): void {
    if (this.#hasSaidPid) {
      throw new GatewayError('CHILD_SPOKE_NONSENSE', `said its pid (${pid}) a second time`);
    }
    this.#hasSaidPid = true;
  }

  /** Moves on to `running` once both sides of the handshake are done; true: it has just done so. */
  begins(): boolean {
    if (this.#now !== 'greeting' || !this.#hasSaidPid) return false;
    this.#now = 'running';
    return true;
  }

  /** Throws `HANDSHAKE_FAILED` for a message about tuples that comes before the answer to the handshake. */
  checkRunning(kind: string): void {
    if (this.#now === 'running') return;
    const expected = 'expected {"pid": ...} as the answer to the handshake';
    throw new GatewayError('HANDSHAKE_FAILED', `${expected}, got a message "${kind}"`);
  }

  ended(): void {
    this.#now = 'ended';
  }
}
