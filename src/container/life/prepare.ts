import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type Clock,
  describeError,
  GatewayError,
  type JsonObject,
  type JsonValue,
  type Logger,
} from '../../base/index.ts';
import { endRecordedProcesses } from '../../child/index.ts';
import {
  type ContainerSpec,
  confFileName,
  readLogicalTopology,
  topologyFileName,
} from '../../records/index.ts';
import { TopologyIndex } from '../../topology/index.ts';

/** The directory in which hosts record their children, below the container's own. */
export function pidDirOf(spec: ContainerSpec): string {
  return join(spec.workDir, 'pids');
}

/** Processes of a previous incarnation get this long to end. */
const leftoverGraceMs = 500;

/**
 * Makes the container's directory as empty as at its first start: ends the processes that a previous
 * incarnation left and removes its sockets and files. The spec file stays. Throws `CONFIG_UNREADABLE` when
 * the directory cannot be made.
 */
export async function prepareDirectories(
  spec: ContainerSpec,
  options: { readonly specFile: string; readonly clock: Clock; readonly log: Logger },
): Promise<void> {
  const { specFile, clock, log } = options;
  try {
    mkdirSync(spec.workDir, { recursive: true });
    mkdirSync(spec.logDir, { recursive: true });
    const ended = await endRecordedProcesses(pidDirOf(spec), { graceMs: leftoverGraceMs, clock });
    if (ended > 0) log.warn({ event: 'leftovers.ended', processes: ended, workDir: spec.workDir });
    emptyWorkDir(spec, specFile);
  } catch (cause) {
    throw new GatewayError('CONFIG_UNREADABLE', `cannot prepare the directory ${spec.workDir}`, {
      cause,
      facts: { workDir: spec.workDir, logDir: spec.logDir },
    });
  }
}

/** Removes what the container made in its directory, when it ends in order. Never throws. */
export function cleanDirectories(
  spec: ContainerSpec,
  options: { readonly specFile: string; readonly log: Logger },
): void {
  try {
    if (existsSync(spec.workDir)) emptyWorkDir(spec, options.specFile);
  } catch (error) {
    options.log.warn({ event: 'directory.not-cleaned', workDir: spec.workDir, reason: describeError(error) });
  }
}

function emptyWorkDir(spec: ContainerSpec, specFile: string): void {
  const kept = resolve(dirname(specFile)) === resolve(spec.workDir) ? basename(specFile) : undefined;
  for (const name of readdirSync(spec.workDir)) {
    if (name !== kept) rmSync(join(spec.workDir, name), { recursive: true, force: true });
  }
}

/** Throws `CONFIG_UNREADABLE` naming the file. */
export function readSpec(specFile: string): ContainerSpec {
  const spec = readJson(specFile) as Partial<ContainerSpec>;
  const { topologyId, containerId, incarnation, plan, codeDir, workDir, logDir, redisUrl } = spec;
  const texts = { topologyId, incarnation, codeDir, workDir, logDir, redisUrl };
  const lacks = Object.entries(texts).filter(([, value]) => typeof value !== 'string' || value === '');
  if (lacks.length === 0 && Number.isInteger(containerId) && plan !== undefined) return spec as ContainerSpec;
  const missing = [...lacks.map(([name]) => name), ...(plan === undefined ? ['plan'] : [])];
  throw new GatewayError(
    'CONFIG_UNREADABLE',
    `${specFile} is no container spec: it lacks ${missing.join(', ')}`,
    {
      facts: { specFile, missing },
    },
  );
}

/** Throws `CONFIG_UNREADABLE` naming the file. */
export function readConf(spec: ContainerSpec): JsonObject {
  return readJson(join(spec.codeDir, confFileName));
}

/** Throws `CONFIG_UNREADABLE` naming the file. */
export function readTopology(spec: ContainerSpec): TopologyIndex {
  const file = join(spec.codeDir, topologyFileName);
  const reading = readLogicalTopology(readJson(file));
  if (reading.kind === 'read') return new TopologyIndex(reading.record);
  throw new GatewayError('CONFIG_UNREADABLE', `${file} is not a topology: ${reading.reason}`, {
    facts: { file },
  });
}

function readJson(file: string): JsonObject {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as JsonValue;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error('not a JSON object');
    return value as JsonObject;
  } catch (cause) {
    throw new GatewayError('CONFIG_UNREADABLE', `cannot read ${file}`, { cause, facts: { file } });
  }
}
