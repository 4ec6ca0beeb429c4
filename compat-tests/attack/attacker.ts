import { setPriority } from 'node:os';
import { badClients } from './bad-clients.ts';
import { attackContainers } from './container-ports.ts';
import { type FrameJob, FrameSender } from './frame-sender.ts';
import type { Ports } from './gateway.ts';

/**
 * What a process of the attack does: send frames, be bad clients of some kinds, or speak to the ports of
 * containers.
 */
export type AttackJob =
  | { readonly kind: 'frames'; readonly frames: FrameJob }
  | { readonly kind: 'clients'; readonly ports: Ports; readonly names: readonly string[] }
  | { readonly kind: 'containers'; readonly localDir: string; readonly seed: number };

export interface Progress {
  readonly sent: number;
  readonly connections: number;
}

// The good client must not wait for its turn on a processor because of us.
setPriority(10);

const over = new AbortController();
process.once('disconnect', () => over.abort());
process.once('message', () => over.abort());

const job = JSON.parse(process.argv[2]!) as AttackJob;
await run(job);
process.disconnect();

async function run(job: AttackJob): Promise<void> {
  switch (job.kind) {
    case 'frames':
      return sendFrames(job.frames);
    case 'clients':
      await Promise.all(job.names.map((name) => badClients[name]!(job.ports, over.signal)));
      return;
    case 'containers':
      return attackContainers(job.localDir, job.seed, over.signal);
  }
}

async function sendFrames(frames: FrameJob): Promise<void> {
  const sender = new FrameSender(frames);
  const report = (): void => {
    process.send!({ sent: sender.sent, connections: sender.connections } satisfies Progress);
  };
  const timer = setInterval(report, 500);
  await sender.run(over.signal);
  clearInterval(timer);
  report();
}
