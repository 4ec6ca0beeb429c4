import type { Clock, Logger } from '../base/index.ts';
import { endProcess, isStopped, Liveness } from '../child/index.ts';
import { askServer, type ServerProcess } from './redis-process.ts';

export interface RedisHealthLimits {
  /** `egret.redis.timeout.secs`; Infinity: a server that answers nothing is left alone. */
  readonly silentMsMax: number;
  /** `egret.process.stopped.secs`; Infinity: a server that is stopped by a signal is left alone. */
  readonly stoppedMsMax: number;
}

const lookEveryMs = 1000;
const askLimitMs = 2000;
/** A check takes as long as the server takes to answer. */
const lookGapMsMax = 5000;

/**
 * Asks the server once a second and kills it when it is stuck: stopped by a signal, or silent. One that reads
 * its data answers. Killed, it loses nothing that it has confirmed, and its supervisor starts the next over
 * its data.
 */
export function watchServerHealth(
  server: ServerProcess,
  options: {
    readonly dir: string;
    readonly clock: Clock;
    readonly log: Logger;
    readonly limits: RedisHealthLimits;
  },
): Disposable {
  const { dir, clock, log, limits } = options;
  const { silentMsMax, stoppedMsMax } = limits;
  const liveness = new Liveness(
    { silentMsMax, firstMsMax: silentMsMax, stoppedMsMax, lookGapMsMax },
    clock.monotonicMs(),
  );
  let isDone = false;
  const look = async (): Promise<void> => {
    const answer = await askServer(dir, { clock, limitMs: askLimitMs });
    if (isDone) return;
    const nowMs = clock.monotonicMs();
    if (answer === 'ready' || answer === 'loading') liveness.heard(nowMs);
    const verdict = liveness.look(nowMs, isStopped(server.pid));
    if (verdict === 'alive') {
      timer = clock.after(lookEveryMs, () => void look());
      return;
    }
    log.error({ event: 'redis.stuck', pid: server.pid, verdict, answer, ...limits });
    await endProcess(server, { graceMs: 0, clock });
  };
  let timer = clock.after(lookEveryMs, () => void look());
  return {
    [Symbol.dispose]: () => {
      isDone = true;
      timer[Symbol.dispose]();
    },
  };
}
