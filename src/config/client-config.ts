import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GatewayError, type JsonValue } from '../base/index.ts';
import { type ConfText, mergeConf, readConfValue } from './conf-text.ts';
import { readDefaultsLayer, readFlagLayer, readYamlLayer } from './layers.ts';

/** The configuration of a command: only what the user set, so that a set value differs from a default. */
export interface ClientConfig {
  /** The file that was read; undefined if there is none. */
  readonly file: string | undefined;
  readonly conf: ConfText;
  /** Hosts to try in order; undefined if the user set none. */
  readonly seeds: readonly string[] | undefined;
  /** Undefined if the user set none. */
  readonly port: number | undefined;
  /** Port of the distributed log; undefined if the user set none. */
  readonly dlogPort: number | undefined;
  /** Absolute. */
  readonly localDir: string;
  /** Storm's defaults, for an address of which the user set only one half, or none. */
  readonly defaults: () => Promise<NimbusDefaults>;
}

export interface NimbusDefaults {
  readonly seeds: readonly string[];
  readonly port: number;
}

/**
 * Reads `--config FILE`, else `~/.storm/storm.yaml`, else `$STORM_CONF_DIR/storm.yaml`, as the `storm`
 * command does; `-c` flags override the file. Throws `CONFIG_UNREADABLE` or `CONFIG_INVALID` with one line
 * that names file and key.
 */
export async function loadClientConfig(options: {
  readonly checkoutDir: string;
  /** What a relative `storm.local.dir` is relative to. Default: the installation. */
  readonly stateDir?: string | undefined;
  readonly homeDir: string;
  readonly stormConfDir: string | undefined;
  readonly file: string | undefined;
  readonly flags: readonly string[];
}): Promise<ClientConfig> {
  const file = options.file ?? findStormYaml(options.homeDir, options.stormConfDir);
  const layers = [readFlagLayer(options.flags).conf];
  if (file !== undefined) layers.unshift((await readYamlLayer(file)).conf);
  const conf = mergeConf(...layers);
  const port = portOf(conf, 'nimbus.thrift.port');
  const dlogPort = portOf(conf, 'egret.dlog.port');
  const seeds = expect(conf, 'nimbus.seeds', 'a list of host names', isTextList);
  const localDir = expect(conf, 'storm.local.dir', 'a path', isText);
  return {
    file,
    conf,
    seeds,
    port,
    dlogPort,
    localDir: resolve(options.stateDir ?? options.checkoutDir, localDir ?? 'storm-local'),
    defaults: () => readNimbusDefaults(options.checkoutDir),
  };
}

/** As the released jar has them. Before the set-up has written them, as Storm documents them. */
async function readNimbusDefaults(checkoutDir: string): Promise<NimbusDefaults> {
  const file = join(checkoutDir, 'build', 'storm-defaults.json');
  const { conf } = existsSync(file) ? await readDefaultsLayer(file) : { conf: new Map<string, string>() };
  return {
    seeds: expect(conf, 'nimbus.seeds', 'a list of host names', isTextList) ?? ['localhost'],
    port: portOf(conf, 'nimbus.thrift.port') ?? 6627,
  };
}

/** Undefined also for 0, with which a gateway listens on any free port: only its endpoints file has that. */
function portOf(conf: ConfText, key: string): number | undefined {
  const port = expect(conf, key, 'a port from 0 to 65535', isPort);
  return port === 0 ? undefined : port;
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
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
const isText = (value: JsonValue): value is string => typeof value === 'string' && value !== '';
const isTextList = (value: JsonValue): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every(isText);
