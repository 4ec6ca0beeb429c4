import { inheritedEnvironment } from '../base/index.ts';

/** Our own environment with `changes` laid over it; undefined takes a variable away. */
export function childEnvironment(
  changes: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const merged = Object.entries({ ...inheritedEnvironment(), ...changes });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
