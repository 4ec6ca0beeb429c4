import { nextTurn } from '../base/index.ts';
import { type ConfText, readConfText, withCurrentNames } from '../config/index.ts';
import type { ComponentCommon, StormTopology } from '../rpc/index.ts';

/**
 * Characters that are read in one event-loop turn. JSON5, the slowest form, takes about 100 ms for this many.
 */
const turnCharactersMax = 128 * 1024;

/**
 * The `json_conf` of every component that has one, parsed once, by its text, with deprecated keys renamed.
 * `onRead` receives each as it was written. Calls of other clients are answered in between.
 */
export async function readComponentConfs(
  topology: StormTopology,
  onRead?: (conf: ConfText) => void,
): Promise<Map<string, ConfText>> {
  const texts = new Map<string, ConfText>();
  let charactersInTurn = 0;
  for (const kind of [topology.spouts, topology.bolts, topology.state_spouts]) {
    for (const [id, { common }] of kind as ReadonlyMap<string, { readonly common: ComponentCommon }>) {
      const text = common.json_conf;
      if (text === undefined || text.trim() === '' || texts.has(text)) continue;
      charactersInTurn += text.length;
      if (charactersInTurn > turnCharactersMax) {
        charactersInTurn = text.length;
        await nextTurn();
      }
      const conf = await readConfText(text, `the configuration (json_conf) of component "${id}"`);
      onRead?.(conf);
      texts.set(text, withCurrentNames(conf));
    }
  }
  return texts;
}
