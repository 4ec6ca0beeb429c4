import { readFile, writeFile } from 'node:fs/promises';
import type { JsonObject, JsonValue } from '../src/base/index.ts';
import type { KeySchema } from '../src/config/key-schema.ts';
import { containerKeys, gatewayKeys } from '../src/config/schema.ts';

const head = `# Configuration

The keys that the gateway reads. Keys that Storm knows keep Storm's names, meanings and defaults. Keys of Egret's own begin
with \`egret.\`, or \`topology.egret.\` where a topology sets them. Values come from the defaults, then a \`storm.yaml\`
(\`--config FILE\`, else the one in \`$STORM_CONF_DIR\`), then \`-c key=value\` flags; later ones win. A flag's value is read as
JSON if it is valid JSON, else as text. Unknown Storm keys are ignored; an unknown \`egret.\` key is an error. Numbers keep all
their digits on the way from a client to its Java workers. The gateway and components outside the JVM read them as doubles.

A renamed key is still accepted under its former name, with one warning for each start or submission that names the new key:
\`egret.shell.message.bytes.max\`, \`egret.shell.queue.bytes.high\`, \`egret.shell.queue.bytes.low\`,
\`egret.shell.queue.tuples.high\` and \`egret.shell.queue.tuples.low\` now have the unit last.

Generated from \`src/config/schema.ts\` and \`src/config/container-keys.ts\` by \`npm run gen\`. Do not edit this page.
`;

/** Writes docs/configuration.md, the page of keys for people. */
export async function generateConfigurationPage(): Promise<void> {
  const root = new URL('../', import.meta.url).pathname;
  const defaults = JSON.parse(await readFile(`${root}build/storm-defaults.json`, 'utf8')) as JsonObject;
  const own = Object.entries(gatewayKeys).filter(([key]) => !Object.hasOwn(containerKeys, key));
  const text = [
    head,
    '## The gateway\n',
    ...table(own, defaults),
    '',
    '## Containers\n',
    "Set these in the gateway's configuration for all topologies, or in a topology's configuration for its own containers.\n",
    ...table(Object.entries(containerKeys), defaults),
    '',
  ].join('\n');
  await writeFile(`${root}docs/configuration.md`, text);
}

function table(keys: readonly (readonly [string, KeySchema])[], defaults: JsonObject): string[] {
  const rows = [...keys]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, schema]) => {
      const value: JsonValue | undefined = schema.default ?? defaults[key];
      const isNone = value === undefined || value === null;
      const shown = isNone ? noDefault(schema) : `\`${JSON.stringify(value)}\``;
      return `| \`${key}\` | ${shown} | ${schema.description} |`;
    });
  return ['| key | default | meaning |', '| --- | --- | --- |', ...rows];
}

function noDefault({ whenUnset }: KeySchema): string {
  return whenUnset === undefined ? '' : `none: ${whenUnset}`;
}
