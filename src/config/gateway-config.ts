import { isAbsolute, join, resolve } from 'node:path';
import { GatewayError, type JsonObject, type JsonValue, type LogLevel } from '../base/index.ts';
import { type ConfText, mergeConf, readConfValues } from './conf-text.ts';
import { containerNumber } from './container-values.ts';
import { type DeprecatedKey, deprecatedKeysOf, withCurrentNames } from './deprecated-keys.ts';
import { type ConfLayer, readDefaultsLayer, readFlagLayer, readYamlLayer } from './layers.ts';
import { nearestName } from './nearest.ts';
import { egretDefaults, gatewayKeys, gatewaySchema } from './schema.ts';

/** The gateway's configuration: read once, validated, and frozen. Each room receives the part it needs. */
export interface GatewayConfig {
  /** The installation, which contains `build/`. */
  readonly checkoutDir: string;
  /** Absolute. */
  readonly localDir: string;
  /** Absolute; one directory for each topology. */
  readonly artifactsDir: string;
  /** When logs of workers are deleted. */
  readonly artifacts: {
    readonly everyMs: number;
    readonly ageMsMax: number;
    readonly workerBytesMax: number;
    readonly sumBytesMax: number;
  };
  /** Undefined: use the machine's host name. */
  readonly hostname: string | undefined;
  readonly bindHost: string;
  readonly logLevel: LogLevel;
  readonly nimbus: NimbusConfig;
  /** The limits of each service on its own. */
  readonly connections: { readonly connectionsPerAddressMax: number; readonly heldBytesMax: number };
  readonly slotPorts: readonly number[];
  readonly dlogPort: number;
  /** Quotas of all streams together, and of each one. */
  readonly dlogSoft: SoftQuotaConfig;
  readonly dlogStreamSoft: SoftQuotaConfig;
  readonly dlogStorage: DlogStorageConfig;
  readonly dlogStreamsMax: number;
  readonly redis: {
    /** Undefined: run a private server. */
    readonly url: string | undefined;
    readonly serverCommand: string | undefined;
    readonly keyPrefix: string;
  };
  readonly javaCommand: string | undefined;
  readonly containment: 'auto' | 'cgroup' | 'subreaper' | 'group';
  /** When a running process counts as stuck. Infinity: never. */
  readonly health: {
    readonly containerSilentMsMax: number;
    readonly redisSilentMsMax: number;
    readonly stoppedMsMax: number;
  };
  /** The whole configuration, Storm's keys and unknown ones included: defaults < file < flags. */
  readonly conf: ConfText;
  /** Deprecated keys that the file or the flags set. {@link conf} has them under their new names. */
  readonly deprecatedKeys: readonly DeprecatedKey[];
}

export type DlogStorageConfig =
  /** The directory is absolute. */
  | { readonly kind: 'local'; readonly directory: string }
  | {
      readonly kind: 'kafka';
      readonly bootstrapServers: string;
      readonly topicPrefix: string;
      readonly replicationFactor: number;
      readonly isFlushed: boolean;
    };

export interface NimbusConfig {
  readonly port: number;
  readonly seeds: readonly string[];
  readonly frameBytesMax: number;
  readonly uploadIdleMs: number;
  readonly inboxAgeMsMax: number;
  readonly inboxCheckMs: number;
  readonly uploadsMax: number;
  readonly uploadsPerAddressMax: number;
  /** Time from the start of an upload to its end. */
  readonly uploadMsMax: number;
  readonly inboxBytesMax: number;
  readonly inboxFilesMax: number;
  readonly uploadBytesMax: number;
  readonly resourcesBytesMax: number;
  readonly resourcesFilesMax: number;
  readonly workersPerTopologyMax: number | undefined;
  readonly executorsPerTopologyMax: number | undefined;
}

/**
 * Loads `build/storm-defaults.json` < the YAML file < the `-c` flags. Throws `CONFIG_UNREADABLE` (a file that
 * cannot be read), or `CONFIG_INVALID` with every fault at once: the key, what was expected, what was found
 * and where it was set. `facts.faults` lists them one by one.
 */
export async function loadGatewayConfig(options: {
  readonly checkoutDir: string;
  /** What a relative `storm.local.dir` is relative to. Default: the installation. */
  readonly stateDir?: string | undefined;
  readonly file?: string | undefined;
  readonly flags: readonly string[];
}): Promise<GatewayConfig> {
  const layers = [await readDefaultsLayer(join(options.checkoutDir, 'build', 'storm-defaults.json'))];
  layers.push({ origin: 'defaults', conf: egretDefaults() });
  if (options.file !== undefined) layers.push(await readYamlLayer(options.file));
  layers.push(readFlagLayer(options.flags));
  const deprecatedKeys = deprecatedKeysOf(...layers.map((layer) => layer.conf));
  const current = layers.map((layer) => ({ ...layer, conf: withCurrentNames(layer.conf) }));
  const conf = mergeConf(...current.map((layer) => layer.conf));
  const values = readConfValues(conf);
  const faults = [...unknownKeys(current), ...(await schemaFaults(values, current)), ...kafkaFaults(values)];
  if (faults.length > 0) throw new GatewayError('CONFIG_INVALID', faults.join('; '), { facts: { faults } });
  return freeze({ ...derive(values, conf, options), deprecatedKeys });
}

/**
 * An unknown key that begins with `egret.` is a mistake. Unknown keys of Storm are ignored, as Storm does.
 */
function unknownKeys(layers: readonly ConfLayer[]): string[] {
  return layers.flatMap(({ origin, conf }) =>
    [...conf.keys()]
      .filter((key) => key.startsWith('egret.') && !Object.hasOwn(gatewayKeys, key))
      .map((key) => {
        const near = nearestName(
          key,
          Object.keys(gatewayKeys).filter((known) => known.startsWith('egret.')),
        );
        return `${key} (${origin}): no such key${near === undefined ? '' : `, did you mean ${near}?`}`;
      }),
  );
}

function kafkaFaults(values: JsonObject): string[] {
  const isUnknown =
    values['egret.dlog.storage'] === 'kafka' &&
    text(values, 'egret.dlog.kafka.bootstrap.servers') === undefined;
  return isUnknown
    ? ['egret.dlog.kafka.bootstrap.servers: required (host:port) because egret.dlog.storage is kafka']
    : [];
}

async function schemaFaults(values: JsonObject, layers: readonly ConfLayer[]): Promise<string[]> {
  const { Ajv } = await import('ajv');
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true });
  ajv.addKeyword('whenUnset');
  const validate = ajv.compile(gatewaySchema());
  if (validate(values)) return [];
  const faults = (validate.errors ?? []).map((error) => {
    const path = error.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
    const key = path.split('/', 1)[0]!;
    const origin = layers.findLast((layer) => layer.conf.has(key))?.origin ?? 'defaults';
    const expected =
      error.keyword === 'enum'
        ? `must be one of ${(gatewayKeys[key]!.enum as string[]).join(', ')}`
        : error.message;
    return `${path} (${origin}): ${expected ?? error.keyword}, got ${JSON.stringify(error.data)}`;
  });
  return faults;
}

const bytesPerMb = 1024 * 1024;

function derive(
  values: JsonObject,
  conf: ConfText,
  { checkoutDir, stateDir }: { readonly checkoutDir: string; readonly stateDir?: string | undefined },
): Omit<GatewayConfig, 'deprecatedKeys'> {
  const localDir = resolve(stateDir ?? checkoutDir, text(values, 'storm.local.dir')!);
  const artifactsDir = text(values, 'storm.workers.artifacts.dir')!;
  return {
    checkoutDir,
    localDir,
    artifactsDir: isAbsolute(artifactsDir) ? artifactsDir : join(localDir, artifactsDir),
    artifacts: {
      everyMs: number(values, 'logviewer.cleanup.interval.secs')! * 1000,
      ageMsMax: number(values, 'logviewer.cleanup.age.mins')! * 60_000,
      workerBytesMax: number(values, 'logviewer.max.per.worker.logs.size.mb')! * bytesPerMb,
      sumBytesMax: number(values, 'logviewer.max.sum.worker.logs.size.mb')! * bytesPerMb,
    },
    hostname: text(values, 'storm.local.hostname'),
    bindHost: text(values, 'egret.bind.host')!,
    logLevel: text(values, 'egret.log.level') as LogLevel,
    nimbus: nimbusConfig(values),
    connections: {
      connectionsPerAddressMax: number(values, 'egret.connections.per.address.max')!,
      heldBytesMax: number(values, 'egret.connections.held.max.bytes')!,
    },
    slotPorts: values['supervisor.slots.ports'] as readonly number[],
    dlogPort: number(values, 'egret.dlog.port')!,
    dlogSoft: softQuotaOf(values, 'egret.dlog.soft.bytes.per.sec', 'egret.dlog.soft.records.per.sec'),
    dlogStreamSoft: softQuotaOf(
      values,
      'egret.dlog.stream.soft.bytes.per.sec',
      'egret.dlog.stream.soft.records.per.sec',
    ),
    dlogStorage: dlogStorageConfig(values, localDir),
    dlogStreamsMax: number(values, 'egret.dlog.streams.max')!,
    redis: {
      url: text(values, 'egret.redis.url'),
      serverCommand: text(values, 'egret.redis.server.command'),
      keyPrefix: text(values, 'egret.redis.key.prefix')!,
    },
    javaCommand: text(values, 'egret.java.command'),
    containment: text(values, 'egret.containment') as GatewayConfig['containment'],
    health: {
      containerSilentMsMax: limitMs(number(values, 'egret.container.timeout.secs')!),
      redisSilentMsMax: limitMs(number(values, 'egret.redis.timeout.secs')!),
      stoppedMsMax: limitMs(containerNumber(values, 'egret.process.stopped.secs')),
    },
    conf,
  };
}

/**
 * Where the log keeps its streams. `values` is the gateway's configuration or a topology's, which includes
 * it.
 */
export function dlogStorageConfig(values: JsonObject, localDir: string): DlogStorageConfig {
  if (values['egret.dlog.storage'] !== 'kafka') return { kind: 'local', directory: join(localDir, 'dlog') };
  return {
    kind: 'kafka',
    bootstrapServers: text(values, 'egret.dlog.kafka.bootstrap.servers')!,
    topicPrefix: text(values, 'egret.dlog.kafka.topic.prefix')!,
    replicationFactor: number(values, 'egret.dlog.kafka.replication.factor')!,
    isFlushed: values['egret.dlog.kafka.fsync'] === true,
  };
}

function nimbusConfig(values: JsonObject): NimbusConfig {
  return {
    port: number(values, 'nimbus.thrift.port')!,
    seeds: values['nimbus.seeds'] as readonly string[],
    frameBytesMax: number(values, 'nimbus.thrift.max_buffer_size')!,
    uploadIdleMs: number(values, 'nimbus.file.copy.expiration.secs')! * 1000,
    inboxAgeMsMax: number(values, 'nimbus.inbox.jar.expiration.secs')! * 1000,
    inboxCheckMs: number(values, 'nimbus.cleanup.inbox.freq.secs')! * 1000,
    uploadsMax: number(values, 'egret.uploads.max')!,
    uploadsPerAddressMax: number(values, 'egret.uploads.per.address.max')!,
    uploadMsMax: number(values, 'egret.upload.timeout.secs')! * 1000,
    inboxBytesMax: number(values, 'egret.inbox.max.bytes')!,
    inboxFilesMax: number(values, 'egret.inbox.max.files')!,
    uploadBytesMax: number(values, 'egret.upload.max.bytes')!,
    resourcesBytesMax: number(values, 'egret.resources.max.bytes')!,
    resourcesFilesMax: number(values, 'egret.resources.max.files')!,
    workersPerTopologyMax: number(values, 'nimbus.slots.perTopology'),
    executorsPerTopologyMax: number(values, 'nimbus.executors.perTopology'),
  };
}

function text(values: JsonObject, key: string): string | undefined {
  return values[key] === null ? undefined : (values[key] as string | undefined);
}

/** Infinity: no quota. */
interface SoftQuotaConfig {
  readonly bytesPerSec: number;
  readonly recordsPerSec: number;
}

function softQuotaOf(values: JsonObject, bytesKey: string, recordsKey: string): SoftQuotaConfig {
  const limit = (key: string): number => number(values, key) || Number.POSITIVE_INFINITY;
  return { bytesPerSec: limit(bytesKey), recordsPerSec: limit(recordsKey) };
}

function number(values: JsonObject, key: string): number | undefined {
  return values[key] === null ? undefined : (values[key] as number | undefined);
}

/** Converts a limit in seconds, where 0 means none. */
function limitMs(secs: number): number {
  return secs === 0 ? Number.POSITIVE_INFINITY : secs * 1000;
}

function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value) as (JsonValue | object)[]) {
    if (typeof member === 'object' && member !== null && !(member instanceof Map)) freeze(member);
  }
  return Object.freeze(value);
}
