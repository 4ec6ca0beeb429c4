import { type ConfText, readConfText } from '../config/index.ts';
import type { ComponentCommon, StormTopology } from '../rpc/index.ts';

/** The `json_conf` of every component that has one, parsed once, by its text. */
export async function readComponentConfs(topology: StormTopology): Promise<Map<string, ConfText>> {
  const texts = new Map<string, ConfText>();
  for (const kind of [topology.spouts, topology.bolts, topology.state_spouts]) {
    for (const [id, { common }] of kind as ReadonlyMap<string, { readonly common: ComponentCommon }>) {
      const text = common.json_conf;
      if (text === undefined || text.trim() === '' || texts.has(text)) continue;
      texts.set(text, await readConfText(text, `the configuration (json_conf) of component "${id}"`));
    }
  }
  return texts;
}
