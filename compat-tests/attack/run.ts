import { parseArgs } from 'node:util';
import { runAttack } from './driver.ts';
import { type AttackOptions, defaults, type Part, parts } from './options.ts';
import { reportLines, violations } from './report.ts';

const usage = `npm run attack -- [options]: broken frames and bad clients against a gateway, with a good client beside them

  --frames N     broken frames, half of them to each Thrift port (1000000)
  --minutes N    how long slow, silent and greedy clients stay (10)
  --seed N       which frames (a new one, printed); a frame is a function of seed and index
  --only PART    known, frames, clients or containers; may be given again
  --json         the result as JSON on standard output, progress on standard error

Exit code 1: a limit was broken.
`;

function optionsOf(args: readonly string[]): { options: AttackOptions; isJson: boolean } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ frames: text, minutes: text, seed: text },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean' },
    },
  });
  const number = (key: 'frames' | 'minutes' | 'seed', otherwise: number): number => {
    const value = Number(values[key] ?? otherwise);
    if (!Number.isFinite(value) || value < 0)
      throw new Error(`--${key} ${values[key]}: expected a number from 0`);
    return value;
  };
  const only = (values.only ?? []).map((name) => {
    if (!parts.includes(name as Part)) throw new Error(`--only ${name}: expected one of ${parts.join(', ')}`);
    return name as Part;
  });
  const options = {
    seed: number('seed', Math.floor(Math.random() * 2 ** 31)),
    frames: number('frames', defaults.frames),
    minutes: number('minutes', defaults.minutes),
    only,
  };
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
  const out = isJson ? process.stderr : process.stdout;
  const beganMs = performance.now();
  const say = (line: string): void => {
    out.write(`${((performance.now() - beganMs) / 1000).toFixed(1).padStart(7)} ${line}\n`);
  };
  say(`seed ${options.seed}, ${options.frames} frames, ${options.minutes} minutes of clients`);
  const run = await runAttack(options, say);
  for (const line of reportLines(options, run)) out.write(`${line}\n`);
  if (isJson) {
    const result = {
      ...options,
      ...run,
      latencies: Object.fromEntries(run.latencies),
      broken: violations(run),
    };
    process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  }
  return violations(run).length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
