import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Job, jobLimitMs, root } from './jobs.ts';
import { type Exit, type JobResult, judge, type TestLine } from './results.ts';

/** Runs a job to its end; `output` is what it printed, standard error included. */
export async function runJob(job: Job): Promise<JobResult & { readonly output: string }> {
  const beganMs = performance.now();
  const [command = '', ...args] = job.command;
  // A group of its own: what the limit ends is the whole of it.
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const stopQuietly = (): void => {
    try {
      stop();
    } catch {
      // The group has ended.
    }
  };
  let isOverLimit = false;
  const limit = setTimeout(() => {
    isOverLimit = true;
    stopQuietly();
  }, jobLimitMs);
  process.once('exit', stopQuietly);
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (bytes: Buffer) => chunks.push(bytes));
  child.stderr!.on('data', (bytes: Buffer) => chunks.push(bytes));
  const lines: TestLine[] = [];
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    lines.push(JSON.parse(line) as TestLine);
  });
  const exit = await new Promise<Exit>((resolve) => {
    child.once('error', (error) => chunks.push(Buffer.from(`${error.message}\n`)));
    child.once('close', (code, signal) => resolve({ code, signal, isOverLimit }));
  });
  clearTimeout(limit);
  process.removeListener('exit', stopQuietly);
  const result = judge(job, exit, lines, performance.now() - beganMs);
  return { ...result, output: Buffer.concat(chunks).toString('utf8') };
}
