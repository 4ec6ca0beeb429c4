/** What the pool needs to know of a job. */
interface Placed {
  readonly isAlone: boolean;
}

/**
 * Runs all jobs, at most `slots` at a time, in their order as far as possible: a job that must be alone waits
 * until no other runs, and those behind it wait for it.
 */
export async function runPool<J extends Placed>(
  jobs: readonly J[],
  slots: number,
  run: (job: J) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  for (const job of jobs) {
    const room = job.isAlone ? 0 : slots - 1;
    while (running.size > room) await Promise.race(running);
    const work: Promise<void> = run(job).finally(() => running.delete(work));
    running.add(work);
    if (job.isAlone) await work;
  }
  await Promise.all(running);
}
