import type { ConfText } from './conf-text.ts';

/** Former names of keys, and what replaced them. Both are read; only the new ones are documented. */
const successors: ReadonlyMap<string, string> = new Map([
  ['egret.shell.message.bytes.max', 'egret.shell.message.max.bytes'],
  ['egret.shell.queue.bytes.high', 'egret.shell.queue.high.bytes'],
  ['egret.shell.queue.bytes.low', 'egret.shell.queue.low.bytes'],
  ['egret.shell.queue.tuples.high', 'egret.shell.queue.high.tuples'],
  ['egret.shell.queue.tuples.low', 'egret.shell.queue.low.tuples'],
]);
const formerNames: ReadonlyMap<string, string> = new Map(
  [...successors].map(([former, successor]) => [successor, former]),
);

/** One deprecated key that a configuration sets. */
export interface DeprecatedKey {
  readonly key: string;
  readonly successor: string;
}

/** The name that `key` had before it was renamed, if it was. */
export function formerNameOf(key: string): string | undefined {
  return formerNames.get(key);
}

/** The deprecated keys of all these configurations, each once. */
export function deprecatedKeysOf(...confs: readonly ConfText[]): DeprecatedKey[] {
  return [...successors]
    .filter(([former]) => confs.some((conf) => conf.has(former)))
    .map(([key, successor]) => ({ key, successor }));
}

/**
 * The configuration with every deprecated key under its new name. One layer at a time, before layers are
 * merged: a later layer wins under either name. Where one layer has both names, the new one wins.
 */
export function withCurrentNames(conf: ConfText): ConfText {
  if (![...successors.keys()].some((former) => conf.has(former))) return conf;
  const renamed = [...conf].filter(([key]) => successors.has(key) && !conf.has(successors.get(key)!));
  return new Map([
    ...[...conf].filter(([key]) => !successors.has(key)),
    ...renamed.map(([key, value]) => [successors.get(key)!, value] as const),
  ]);
}
