import { parseArgs } from 'node:util';
import { runDlogChaos } from './driver.ts';
import { type DlogChaosOptions, defaults } from './options.ts';
import { asJson, isClean, reportLines } from './report.ts';
import { dlogFaultKinds } from './schedule.ts';

const usage = `npm run chaos:dlog -- [options]: kills, stops and cuts off real owners of a distributed log, and judges

  --minutes N       how long faults continue (1)
  --seed N          which faults (a new one, printed)
  --storage KIND    where records are kept: local (files that both owners share) or kafka (a broker of the run's own) (local)
  --pace N          new records a second and appender; each of two streams has two (60)
  --every MS        between faults on the average (5000)
  --only TEXT       faults whose name contains it; may be given again
  --without TEXT    no faults whose name contains it; may be given again
  --json            the result as JSON on standard output, progress on standard error

Faults: ${Object.keys(dlogFaultKinds).join(', ')}; in the end a flipped bit in a sealed segment.
An interrupt ends the faults, and what there is is judged.
Exit codes: 0 the log kept its word, 1 it did not, 2 usage.
`;

function optionsOf(args: readonly string[]): { options: DlogChaosOptions; isJson: boolean } {
  const text = { type: 'string' } as const;
  const several = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ minutes: text, seed: text, storage: text, pace: text, every: text },
      ...{ only: several, without: several, json: { type: 'boolean' }, help: { type: 'boolean' } },
    },
  });
  if (values.help === true) throw new Error('');
  const number = (key: 'minutes' | 'seed' | 'pace' | 'every', otherwise: number): number => {
    const value = Number(values[key] ?? otherwise);
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${key} ${values[key]} is no number from 0`);
    return value;
  };
  const storage = values.storage ?? defaults.storage;
  if (storage !== 'local' && storage !== 'kafka')
    throw new Error(`--storage ${storage}: expected local or kafka`);
  const options: DlogChaosOptions = {
    ...defaults,
    minutes: number('minutes', defaults.minutes),
    seed: number('seed', Math.floor(Math.random() * 2 ** 31)),
    pace: number('pace', defaults.pace),
    everyMs: number('every', defaults.everyMs),
    ...{ storage, only: values.only ?? [], without: values.without ?? [] },
  };
  return { options, isJson: values.json === true };
}

async function main(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof optionsOf>;
  try {
    parsed = optionsOf(args);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    (why === '' ? process.stdout : process.stderr).write(why === '' ? usage : `${why}\n\n${usage}`);
    return why === '' ? 0 : 2;
  }
  const { options, isJson } = parsed;
  const beginMs = Date.now();
  const say = (line: string): void => {
    const seconds = ((Date.now() - beginMs) / 1000).toFixed(1).padStart(7);
    (isJson ? process.stderr : process.stdout).write(`${seconds} ${line}\n`);
  };
  say(`seed ${options.seed}, ${options.storage} storage, ${options.minutes} minutes`);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const run = await runDlogChaos(options, say, ending.signal);
  for (const line of reportLines(options, run)) (isJson ? process.stderr : process.stdout).write(`${line}\n`);
  if (isJson) process.stdout.write(`${JSON.stringify(asJson(options, run), undefined, 2)}\n`);
  return isClean(run) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
