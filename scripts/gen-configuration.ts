import { readFile, writeFile } from 'node:fs/promises';
import type { JsonObject, JsonValue } from '../src/base/index.ts';
import type { KeySchema } from '../src/config/key-schema.ts';
import { containerKeys, gatewayKeys } from '../src/config/schema.ts';

const head = `# Configuration

The keys that the gateway itself reads. Keys that Storm knows keep Storm's names, meanings and defaults; keys of Egret's own begin
with \`egret.\`. Values come from the defaults, then a \`storm.yaml\` (\`--config FILE\`, else the one in \`$STORM_CONF_DIR\`), then
\`-c key=value\` flags; a flag's value is JSON where it is valid JSON, else text. Unknown keys of Storm are ignored, an unknown
\`egret.\` key is an error. Numbers in configurations keep all their digits on the way from a client to its Java workers;
components outside the JVM and the gateway itself read them as doubles.

Generated from \`src/config/schema.ts\` by \`npm run gen\`; not to be edited.
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
    "Of the gateway's configuration or, for its own containers, of a topology's. Without a default here, the container has one.\n",
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
      const shown = value === undefined || value === null ? '' : `\`${JSON.stringify(value)}\``;
      return `| \`${key}\` | ${shown} | ${schema.description} |`;
    });
  return ['| key | default | meaning |', '| --- | --- | --- |', ...rows];
}
