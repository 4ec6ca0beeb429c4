import type { Job } from './jobs.ts';

/** What a process of a suite writes about each test and hook, and at its end. */
export type TestLine =
  | {
      readonly what: 'hook' | 'passed' | 'skipped' | 'failed';
      readonly file: string;
      readonly title: string;
      readonly ms: number;
    }
  | { readonly what: 'end' };

export type TestResult = Exclude<TestLine, { what: 'end' }>;

/** How the process of a job ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly isOverLimit: boolean;
}

export interface JobResult {
  readonly job: Job;
  readonly ms: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly tests: readonly TestResult[];
  /** One line for each failure. */
  readonly failures: readonly string[];
}

/**
 * What a job's process amounts to. A check passes or fails as a whole. A suite counts its tests; a process
 * that ended badly without a failing test (a crash, a file that does not load), that left before its end, or
 * that ran no test at all, is a failure of its own.
 */
export function judge(job: Job, exit: Exit, lines: readonly TestLine[], ms: number): JobResult {
  const tests = lines.filter((line) => line.what !== 'end');
  const count = (what: TestLine['what']): number => tests.filter((test) => test.what === what).length;
  const failures = tests
    .filter(({ what }) => what === 'failed')
    .map(({ file, title }) => `${file}: ${title}`);
  const trouble = troubleOf(job, exit, lines);
  if (trouble !== undefined) failures.push(`${job.title}: ${trouble}`);
  const isPassedCheck = job.files.length === 0 && trouble === undefined;
  return {
    ...{ job, ms, tests, failures },
    passed: isPassedCheck ? 1 : count('passed'),
    failed: failures.length,
    skipped: count('skipped'),
  };
}

function troubleOf(job: Job, exit: Exit, lines: readonly TestLine[]): string | undefined {
  if (exit.isOverLimit) return 'the process did not end within its limit';
  if (exit.signal !== null) return `the process was ended by ${exit.signal}`;
  const ran = lines.filter(({ what }) => what !== 'hook' && what !== 'end');
  const isExplained = ran.some(({ what }) => what === 'failed');
  if (exit.code !== 0 && !isExplained) return `the process ended with ${exit.code}`;
  if (job.files.length === 0) return undefined;
  if (!lines.some(({ what }) => what === 'end')) return 'the process ended before its last test';
  return ran.length === 0 ? 'the process ran no test' : undefined;
}

/** The tests and hooks that took longest. */
export function slowest(results: readonly JobResult[], count: number): TestResult[] {
  return results
    .flatMap((result) => result.tests)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, count);
}
