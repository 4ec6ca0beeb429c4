import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, waitFor } from '../src/base/index.ts';

/** One line that a task recorded: what happened, then its details (see Record.java). */
export type RecordLine = readonly [what: string, ...details: unknown[]];

/** All that the tasks of a component recorded, by task id. */
export function recordsOf(dir: string, component: string): Map<number, RecordLine[]> {
  const found = new Map<number, RecordLine[]>();
  if (!existsSync(dir)) return found;
  for (const file of readdirSync(dir)) {
    const match = /^(.*)-(\d+)\.jsonl$/.exec(file);
    if (match?.[1] !== component) continue;
    const whole = readFileSync(join(dir, file), 'utf8').split('\n').slice(0, -1);
    found.set(
      Number(match[2]),
      whole.map((line) => JSON.parse(line) as RecordLine),
    );
  }
  return found;
}

export interface RecordedTuple {
  readonly task: number;
  readonly sourceComponent: string;
  readonly sourceStream: string;
  readonly sourceTask: number;
  /** [class name, text] of each value. */
  readonly values: readonly (readonly [className: string, text: string])[];
}

/** The tuples that a Recorder component was given, task by task, each task's in order. */
export function tuplesOf(dir: string, component: string): RecordedTuple[] {
  const tuples: RecordedTuple[] = [];
  for (const [task, lines] of recordsOf(dir, component)) {
    for (const [what, sourceComponent, sourceStream, sourceTask, values] of lines) {
      if (what !== 'tuple') continue;
      tuples.push({
        task,
        sourceComponent: sourceComponent as string,
        sourceStream: sourceStream as string,
        sourceTask: sourceTask as number,
        values: values as RecordedTuple['values'],
      });
    }
  }
  return tuples;
}

/** Waits until `probe` answers; what was last seen belongs into the error, so `probe` describes it. */
export function eventually<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> {
  return waitFor(what, probe, { clock: systemClock, limitMs, everyMs: 50 });
}
