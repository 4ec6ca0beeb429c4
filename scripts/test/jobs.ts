import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deal } from './deal.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One process of the run. A check consists of one job, a suite of several. */
export interface Job {
  readonly check: string;
  readonly title: string;
  readonly command: readonly string[];
  /** The test files of a suite's job, none for a check that passes or fails as a whole. */
  readonly files: readonly string[];
  /** No other job runs beside it: it measures time, or writes files that other jobs read. */
  readonly isAlone: boolean;
}

/** The process is killed after this, and counts as failed. */
export const jobLimitMs = 900_000;

/** The files that measure rates, latencies or memory of what they start. */
const measuring = ['compat-tests/attack/attack.test.ts', 'compat-tests/pressure.test.ts'];

/**
 * A unit process loads its imports in one or two seconds: short batches balance better, long ones load less.
 */
const unitBatchSecs = 40;

export const durationsFile = join(root, 'scripts', 'test-durations.json');

/** The seconds that each test file took when they were last recorded. */
export function recordedDurations(): Map<string, number> {
  return new Map(Object.entries(JSON.parse(readFileSync(durationsFile, 'utf8')) as Record<string, number>));
}

/** All jobs in the order in which they start. */
export function allJobs(durations: ReadonlyMap<string, number>): Job[] {
  return [
    // It writes generated files again, which other checks read.
    check('generated code', ['node', 'scripts/check-generated.mjs'], true),
    check('format and lint', ['npm', 'run', '-s', 'lint']),
    ...unitJobs(durations),
    check('types', ['npm', 'run', '-s', 'types']),
    check('boundaries', ['npm', 'run', '-s', 'boundaries']),
    check('sizes', ['node', 'scripts/check-sizes.mjs']),
    check('prose', ['node', 'scripts/check-prose.mjs']),
    check('dead code', ['npm', 'run', '-s', 'dead-code']),
    // The same seeds each time: a change is judged by what it changes. `npm run sim` tries fresh seeds.
    check('simulation', ['npm', 'run', '-s', 'sim', '--', '--seeds', '1000', '--quiet']),
    ...compatJobs(durations),
  ];
}

function check(name: string, command: readonly string[], isAlone = false): Job {
  return { check: name, title: name, command, files: [], isAlone };
}

function unitJobs(durations: ReadonlyMap<string, number>): Job[] {
  const batches = deal(filesOf('.mocharc.json'), durations, unitBatchSecs);
  return batches.map((files, index) =>
    suite('unit', `unit ${index + 1} of ${batches.length}`, '.mocharc.json', files),
  );
}

/**
 * A file has a gateway of its own, so each is a process; the longest begin first, those that measure come
 * last.
 */
function compatJobs(durations: ReadonlyMap<string, number>): Job[] {
  const config = 'compat-tests/.mocharc.json';
  const isShared = process.env['EGRET_COMPAT_NIMBUS'] !== undefined;
  const jobs = filesOf(config)
    .sort((a, b) => (durations.get(b) ?? Infinity) - (durations.get(a) ?? Infinity))
    .map((file) => ({
      ...suite('compat', file.replace('compat-tests/', 'compat '), config, [file]),
      isAlone: isShared || measuring.includes(file),
    }));
  return [...jobs.filter((job) => !job.isAlone), ...jobs.filter((job) => job.isAlone)];
}

function suite(name: string, title: string, config: string, files: readonly string[]): Job {
  const command = ['node', '--import', 'tsx', 'scripts/test/mocha-process.ts', config, ...files];
  return { check: name, title, command, files, isAlone: false };
}

/** The files of a configuration of mocha; its patterns are all of the form `directory/**` + `/*.test.ts`. */
function filesOf(config: string): string[] {
  const { spec } = JSON.parse(readFileSync(join(root, config), 'utf8')) as { spec: string[] };
  return spec.flatMap((pattern) => {
    const [directory = '', suffix] = pattern.split('/**/*');
    if (suffix !== '.test.ts') throw new Error(`${config}: cannot read the pattern ${pattern}`);
    return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(suffix))
      .map((name) => posix.join(directory, name))
      .sort();
  });
}
