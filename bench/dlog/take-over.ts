import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/index.ts';
import { openLog, streamName } from './embedded.ts';

const leaseMs = 3000;
const askEveryMs = 20;

/**
 * How long a stream stays without a writer when its owner, in another process and in mid-append, is killed:
 * until the next owner has its first record acknowledged. That one asks for the stream all the time.
 */
export async function takeOverMs(
  scratch: string,
): Promise<{ readonly ms: number; readonly leaseMs: number }> {
  const opened = await openLog(scratch);
  try {
    const { log } = opened;
    await log.createStream(streamName(0));
    const owner = spawn(
      process.execPath,
      [...process.execArgv, fileURLToPath(new URL('owner.ts', import.meta.url)), scratch, opened.redis.url],
      {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      },
    );
    owner.channel?.unref();
    await new Promise((resolve, reject) => {
      owner.stdout!.once('data', resolve);
      owner.once('exit', (code) => reject(new Error(`the owner ended with ${code}`)));
    });
    await systemClock.sleep(Math.random() * leaseMs);
    owner.kill('SIGKILL');
    const killedMs = performance.now();
    for (;;) {
      const result = await log.openWriter(streamName(0), { leaseTtlMs: leaseMs });
      if (result.kind === 'opened') {
        const outcome = await result.writer.append(Buffer.from('next'));
        const ms = performance.now() - killedMs;
        await result.writer.close();
        if (outcome.kind !== 'committed') throw new Error(outcome.kind);
        return { ms, leaseMs };
      }
      await systemClock.sleep(askEveryMs);
    }
  } finally {
    await opened.close();
  }
}
