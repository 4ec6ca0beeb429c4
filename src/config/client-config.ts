import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GatewayError, type JsonValue } from '../base/index.ts';
import { type ConfText, mergeConf, readConfValue } from './conf-text.ts';
import { readFlagLayer, readYamlLayer } from './layers.ts';

/** What a command (a client) knows: only what the user set, so that it can tell a set value from a default. */
export interface ClientConfig {
  /** The file that was read, or undefined. */
  readonly file: string | undefined;
  readonly conf: ConfText;
  /** Hosts to try in order, or undefined when the user named none. */
  readonly seeds: readonly string[] | undefined;
  /** Undefined when the user named none. */
  readonly port: number | undefined;
  /** Of the distributed log; undefined when the user named none. */
  readonly dlogPort: number | undefined;
  /** Absolute. */
  readonly localDir: string;
}

/**
 * Reads `--config FILE`, else `~/.storm/storm.yaml`, else `$STORM_CONF_DIR/storm.yaml`, as the `storm` command does, and
 * the `-c` flags over it. Throws `CONFIG_UNREADABLE` or `CONFIG_INVALID` with one line that names file and key.
 */
export async function loadClientConfig(options: {
  readonly checkoutDir: string;
  readonly homeDir: string;
  readonly stormConfDir: string | undefined;
  readonly file: string | undefined;
  readonly flags: readonly string[];
}): Promise<ClientConfig> {
  const file = options.file ?? findStormYaml(options.homeDir, options.stormConfDir);
  const layers = [readFlagLayer(options.flags).conf];
  if (file !== undefined) layers.unshift((await readYamlLayer(file)).conf);
  const conf = mergeConf(...layers);
  const port = expect(conf, 'nimbus.thrift.port', 'a port from 1 to 65535', isPort);
  const dlogPort = expect(conf, 'egret.dlog.port', 'a port from 1 to 65535', isPort);
  const seeds = expect(conf, 'nimbus.seeds', 'a list of host names', isTextList);
  const localDir = expect(conf, 'storm.local.dir', 'a path', isText);
  return {
    file,
    conf,
    seeds,
    port,
    dlogPort,
    localDir: resolve(options.checkoutDir, localDir ?? 'storm-local'),
  };
}

function findStormYaml(homeDir: string, stormConfDir: string | undefined): string | undefined {
  const candidates = [join(homeDir, '.storm', 'storm.yaml')];
  if (stormConfDir !== undefined) candidates.push(join(stormConfDir, 'storm.yaml'));
  return candidates.find((path) => existsSync(path));
}

function expect<T extends JsonValue>(
  conf: ConfText,
  key: string,
  expected: string,
  is: (value: JsonValue) => value is T,
): T | undefined {
  const value = readConfValue(conf, key);
  if (value === undefined || value === null) return undefined;
  if (is(value)) return value;
  throw new GatewayError('CONFIG_INVALID', `${key}: expected ${expected}, got ${JSON.stringify(value)}`);
}

const isPort = (value: JsonValue): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
const isText = (value: JsonValue): value is string => typeof value === 'string' && value !== '';
const isTextList = (value: JsonValue): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every(isText);
