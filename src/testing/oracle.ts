import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { JsonValue } from '../base/index.ts';

/**
 * Asks Storm's released classes: runs `egret.oracle.<mainClass>` of multilang/java/oracle in a JVM, gives it
 * `question` as JSON on standard input and returns the JSON it prints. Put many questions into one call: a
 * JVM takes half a second. `ahead`: jars of build/java that come before Storm's. Throws when the set-up has
 * not built the oracle, or when it fails (with its standard error).
 */
export function askOracle(
  mainClass: string,
  question: JsonValue,
  options: { readonly ahead?: readonly string[] } = {},
): JsonValue {
  const root = new URL('../../', import.meta.url).pathname;
  const jar = `${root}build/java/egret-oracle.jar`;
  if (!existsSync(jar)) throw new Error(`${jar} is missing: run "npm run setup" first`);
  const ahead = (options.ahead ?? []).map((name) => `${root}build/java/${name}`);
  const classPath = [...ahead, jar, `${root}build/java/egret-jvm-host.jar`, `${root}build/java/lib-worker/*`]
    .concat(`${root}build/java/lib-oracle/*`)
    .join(':');
  const result = spawnSync(
    'java',
    ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', classPath, `egret.oracle.${mainClass}`],
    {
      input: JSON.stringify(question),
      encoding: 'utf8',
      maxBuffer: 256 << 20,
    },
  );
  if (result.status !== 0)
    throw new Error(`oracle ${mainClass} ended with ${result.status ?? result.signal}: ${result.stderr}`);
  return JSON.parse(result.stdout) as JsonValue;
}
