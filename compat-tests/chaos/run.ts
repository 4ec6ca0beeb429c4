import { parseArgs } from 'node:util';
import { runChaos } from './driver.ts';
import { type ChaosOptions, defaults } from './options.ts';
import { asJson, isClean, reportLines } from './report.ts';

const usage = `npm run chaos -- [options]: kills, stops and cuts off real processes of a topology of known ids, and judges

  --minutes N       how long faults continue (1)
  --seed N          which faults (a new one, printed)
  --topology SHAPE  java, python (with JavaScript), or mixed (with C++ and ShellBolt) (java)
  --workers N       (2)
  --pace N          new ids a second and spout task (50)
  --every MS        between faults on the average (6000)
  --only TEXT       faults whose name contains it; may be given again
  --without TEXT    no faults whose name contains it; may be given again
  --drain SECS      for the rest when faults are over (90)
  -c KEY=JSON       topology configuration; -g KEY=VALUE the gateway's; may be given again
  --json            the result as JSON on standard output, progress on standard error
`;

function optionsOf(args: readonly string[]): { options: ChaosOptions; isJson: boolean } {
  const text = { type: 'string' } as const;
  const several = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ minutes: text, seed: text, topology: text, workers: text, pace: text, every: text, drain: text },
      ...{
        only: several,
        without: several,
        conf: { ...several, short: 'c' },
        gateway: { ...several, short: 'g' },
      },
      json: { type: 'boolean' },
    },
  });
  const number = (
    key: 'minutes' | 'seed' | 'workers' | 'pace' | 'every' | 'drain',
    otherwise: number,
  ): number => {
    const value = Number(values[key] ?? otherwise);
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${key} ${values[key]} is no number from 0`);
    return value;
  };
  const topology = values.topology ?? defaults.topology;
  if (topology !== 'java' && topology !== 'python' && topology !== 'mixed')
    throw new Error(`--topology ${topology}: expected java, python or mixed`);
  const conf = Object.fromEntries(
    (values.conf ?? []).map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), JSON.parse(pair.slice(equals + 1)) as unknown];
    }),
  );
  const options = {
    minutes: number('minutes', defaults.minutes),
    seed: number('seed', Math.floor(Math.random() * 2 ** 31)),
    topology,
    workers: number('workers', defaults.workers),
    pace: number('pace', defaults.pace),
    everyMs: number('every', defaults.everyMs),
    drainSecs: number('drain', defaults.drainSecs),
    ...{ only: values.only ?? [], without: values.without ?? [], conf, gateway: values.gateway ?? [] },
  } satisfies ChaosOptions;
  return { options, isJson: values.json === true };
}

async function main(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof optionsOf>;
  try {
    parsed = optionsOf(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  const { options, isJson } = parsed;
  const beginMs = Date.now();
  const say = (line: string): void => {
    const seconds = ((Date.now() - beginMs) / 1000).toFixed(1).padStart(7);
    (isJson ? process.stderr : process.stdout).write(`${seconds} ${line}\n`);
  };
  say(`seed ${options.seed}, ${options.topology} on ${options.workers} workers, ${options.minutes} minutes`);
  const run = await runChaos(options, say);
  for (const line of reportLines(options, run)) (isJson ? process.stderr : process.stdout).write(`${line}\n`);
  if (isJson) process.stdout.write(`${JSON.stringify(asJson(options, run), undefined, 2)}\n`);
  return isClean(run) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
