import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { JsonObject, JsonValue } from '../../../base/index.ts';
import type { ContainerSpec } from '../../../records/index.ts';
import { type ChildOptionValues, childOptions } from './child-options.ts';

export interface WorkerLaunch {
  readonly spec: ContainerSpec;
  readonly conf: JsonObject;
  readonly values: ChildOptionValues;
  /** The worker's working directory. */
  readonly workerDir: string;
  /** Name of the socket inside it. */
  readonly socketName: string;
  /** Our process: the JVM ends with it. */
  readonly containerPid: number;
}

const mainClass = 'egret.host.Main';
/** Inside the host's jar: Storm's files and line format. A topology's own option of the same name wins. */
const logConfiguration = 'classpath:egret/host/worker-log4j2.xml';
const architectures: Partial<Record<string, string>> = { x64: 'amd64', arm64: 'aarch64' };

/**
 * The arguments of `java`: those of a worker started by a Storm supervisor (BasicContainer 2.8), and our main
 * class.
 */
export function javaArguments(launch: WorkerLaunch): string[] {
  const { spec, conf, values, workerDir } = launch;
  return [
    '-server',
    ...classArchive(spec),
    `-Djava.io.tmpdir=${join(workerDir, 'tmp')}`,
    ...systemProperties(launch),
    ...childOptions(conf, values),
    '-cp',
    classPath(spec, conf).join(':'),
    mainClass,
    launch.socketName,
    String(launch.containerPid),
  ];
}

/** Laid over the container's own environment: where native libraries are, and what the topology asks for. */
export function workerEnvironment(spec: ContainerSpec, conf: JsonObject): Record<string, string> {
  const asked = conf['topology.environment'];
  const environment: Record<string, string> = { LD_LIBRARY_PATH: libraryPath(spec, conf) };
  if (typeof asked === 'object' && asked !== null && !Array.isArray(asked)) {
    for (const [name, value] of Object.entries(asked)) {
      if (value !== null) environment[name] = typeof value === 'string' ? value : JSON.stringify(value);
    }
  }
  return environment;
}

function systemProperties(launch: WorkerLaunch): string[] {
  const { spec, conf, values } = launch;
  const artifacts = dirname(dirname(spec.logDir));
  const properties: Record<string, string> = {
    'java.library.path': libraryPath(spec, conf),
    'storm.conf.file': '',
    'storm.options': '',
    'storm.home': spec.stormLocalDir,
    'storm.local.dir': spec.stormLocalDir,
    'storm.log.dir': dirname(artifacts),
    'workers.artifacts': artifacts,
    'logging.sensitivity': 'S3',
    'logfile.name': 'worker.log',
    'worker.log.dir': spec.logDir,
    'log4j.configurationFile': logConfiguration,
    'log4j2.disableJmx': 'true',
    Log4jContextSelector: 'org.apache.logging.log4j.core.selector.BasicContextSelector',
    'storm.id': spec.topologyId,
    'worker.id': values.workerId,
    'worker.port': String(values.slotPort),
    'worker.memory_limit_mb': String(values.heapMb + values.offHeapMb),
  };
  return Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
}

/**
 * The set-up's archive of the host's classes (egret.host.Rehearsal), which halves the time to start. A JVM
 * that it does not suit does without, and must not complain on the worker's output.
 */
function classArchive(spec: ContainerSpec): string[] {
  const archive = spec.jvm.classPath[0]?.replace(/\.jar$/, '.jsa');
  if (archive === undefined || !existsSync(archive)) return [];
  return [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off'];
}

/**
 * Storm's order: what the cluster lets a topology put first, Storm, the topology's jar, its dependencies, the
 * rest.
 */
function classPath(spec: ContainerSpec, conf: JsonObject): string[] {
  const isFirstAllowed = conf['storm.topology.classpath.beginning.enabled'] === true;
  return [
    ...(isFirstAllowed ? paths(conf['topology.classpath.beginning']) : []),
    ...spec.jvm.classPath.flatMap(jarsOf),
    join(spec.codeDir, 'stormjar.jar'),
    ...dependencyJars(spec.codeDir),
    ...paths(conf['topology.classpath']),
  ];
}

/** The jars of a `directory/*`, in the order in which the class archive has them. */
function jarsOf(entry: string): string[] {
  if (basename(entry) !== '*') return [entry];
  const directory = dirname(entry);
  const jars = readdirSync(directory).filter((name) => name.endsWith('.jar'));
  return jars.sort().map((name) => join(directory, name));
}

/**
 * Jars given beside the topology's own (`storm jar --jars`) lie in the code directory under their blob keys.
 */
function dependencyJars(codeDir: string): string[] {
  return readdirSync(codeDir)
    .filter((name) => name.endsWith('.jar') && name !== 'stormjar.jar')
    .sort()
    .map((name) => join(codeDir, name));
}

function libraryPath(spec: ContainerSpec, conf: JsonObject): string {
  const resources = join(spec.codeDir, 'resources');
  const architecture = architectures[process.arch] ?? process.arch;
  return [join(resources, `Linux-${architecture}`), resources, ...paths(conf['java.library.path'])].join(':');
}

/** A text or a list of texts. */
function paths(value: JsonValue | undefined): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((path): path is string => typeof path === 'string' && path !== '');
}

/** The name of a worker among all of its node: stable, so that a new one finds what a killed one left. */
export function workerIdOf(spec: ContainerSpec): string {
  return `${spec.topologyId}-${basename(spec.logDir)}`;
}
