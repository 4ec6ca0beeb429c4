import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Job, jobLimitMs, root } from './jobs.ts';
import { type Exit, type JobResult, judge, type TestLine } from './results.ts';

/** Between SIGTERM and SIGKILL for a job over its limit. */
const killGraceMs = 20_000;

/** Runs a job to its end; `output` is what it printed, standard error included. */
export async function runJob(job: Job): Promise<JobResult & { readonly output: string }> {
  const beganMs = performance.now();
  const [command = '', ...args] = job.command;
  // A group of its own, so that a signal reaches everything that the job has started.
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group has ended.
    }
  };
  // A gateway that a test has started ends its containers on SIGTERM.
  const terminate = (): void => signal('SIGTERM');
  let isOverLimit = false;
  const limit = setTimeout(() => {
    isOverLimit = true;
    terminate();
    setTimeout(() => signal('SIGKILL'), killGraceMs).unref();
  }, jobLimitMs);
  process.once('exit', terminate);
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (bytes: Buffer) => chunks.push(bytes));
  child.stderr!.on('data', (bytes: Buffer) => chunks.push(bytes));
  const lines: TestLine[] = [];
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    lines.push(JSON.parse(line) as TestLine);
  });
  const exit = await new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      resolve({ code: -1, signal: null, isOverLimit });
    });
    child.once('close', (code, signalled) => resolve({ code, signal: signalled, isOverLimit }));
  });
  clearTimeout(limit);
  process.removeListener('exit', terminate);
  const result = judge(job, exit, lines, performance.now() - beganMs);
  return { ...result, output: Buffer.concat(chunks).toString('utf8') };
}
