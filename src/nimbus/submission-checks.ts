import { GatewayError, isJsonObject, type JsonObject } from '../base/index.ts';
import { type ConfText, readConfValue } from '../config/index.ts';
import type { StormTopology } from '../rpc/index.ts';
import { confKeys, executorCountOf, type LogicalTopology } from '../topology/index.ts';

/** The version of Storm that the gateway reports, and whose workers it runs. */
export const stormVersion = '2.8.3';

export interface SizeLimits {
  /** `nimbus.slots.perTopology`. */
  readonly workersMax?: number | undefined;
  /** `nimbus.executors.perTopology`. */
  readonly executorsMax?: number | undefined;
}

/** Task ids are 16 bits wide on every wire, Storm's own included. */
const tasksMax = 32_767;
/**
 * A topology's id names directories: file systems allow 255 bytes for the name, counter, time and a prefix of
 * ours.
 */
const nameBytesMax = 200;
const namePattern = /^[^/.:\\]+$/;

/** Storm's rule (Utils.validateTopologyName, 2.8); the name must also be a valid directory name. */
export function isTopologyName(name: string): boolean {
  return namePattern.test(name) && !name.includes('\0') && Buffer.byteLength(name) <= nameBytesMax;
}

export function checkTopologyName(name: string): void {
  if (isTopologyName(name)) return;
  const shown = name.length <= 300 ? name : `${name.slice(0, 300)}...`;
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    namePattern.test(name)
      ? `Topology name '${shown}' is not valid. It names directories: at most ${nameBytesMax} bytes, none of them 0`
      : `Topology name '${shown}' is not valid. It can't be null and it must match ^[^/.:\\\\]+$`,
  );
}

/**
 * Refuses what Storm supports and this gateway does not, and Storm versions whose classes do not fit its
 * workers.
 */
export function checkSupported(topology: StormTopology, conf: ConfText): void {
  const dependencies = [...(topology.dependency_jars ?? []), ...(topology.dependency_artifacts ?? [])];
  if (dependencies.length > 0) {
    throw new GatewayError(
      'TOPOLOGY_INVALID',
      `dependency ${dependencies[0]!} is in a blob store, which is not available yet: put it into the topology jar`,
    );
  }
  const blobs = readConfValue(conf, 'topology.blobstore.map');
  if (isJsonObject(blobs) && Object.keys(blobs).length > 0) {
    throw new GatewayError(
      'TOPOLOGY_INVALID',
      `topology.blobstore.map names ${Object.keys(blobs)[0]!}, but the blob store is not available yet`,
    );
  }
  const submitted = topology.storm_version;
  if (submitted === undefined || !hasJava(topology) || majorOf(submitted) === majorOf(stormVersion)) return;
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    `Topology submitted with storm version ${submitted} but could not find a configured compatible version to use [${stormVersion}]`,
  );
}

/**
 * Throws `TOPOLOGY_INVALID` for a shell component that cannot be started because an argument contains NUL.
 */
export function checkShellCommands({ spouts, bolts, state_spouts: stateSpouts }: StormTopology): void {
  const objects = [
    ...[...spouts].map(([id, { spout_object: object }]) => [id, object] as const),
    ...[...bolts].map(([id, { bolt_object: object }]) => [id, object] as const),
    ...[...stateSpouts].map(([id, { state_spout_object: object }]) => [id, object] as const),
  ];
  for (const [id, object] of objects) {
    if (object.kind !== 'shell') continue;
    for (const field of ['execution_command', 'script'] as const) {
      if (object.value[field]?.includes('\0') === true)
        throw new GatewayError(
          'TOPOLOGY_INVALID',
          `component "${id}": its ${field} contains the character NUL, so its process cannot be started. Remove the character`,
          { facts: { component: id, field } },
        );
    }
  }
}

/** Storm's validateTopologySize, and the limit that task ids set. */
export function checkSize(topology: LogicalTopology, conf: JsonObject, limits: SizeLimits): void {
  const workers = conf[confKeys.workers];
  if (limits.workersMax !== undefined && typeof workers === 'number' && workers > limits.workersMax) {
    throw tooLarge(`${limits.workersMax} workers (nimbus.slots.perTopology)`, workers);
  }
  const executors = sum(topology.components.map(executorCountOf));
  if (limits.executorsMax !== undefined && executors > limits.executorsMax) {
    throw tooLarge(`${limits.executorsMax} executors (nimbus.executors.perTopology)`, executors);
  }
  const tasks = sum(topology.components.map(({ conf: own }) => Number(own[confKeys.tasks] ?? 0)));
  if (tasks > tasksMax) throw tooLarge(`${tasksMax} tasks`, tasks);
}

export function checkWorkers(conf: JsonObject): number {
  const workers = conf[confKeys.workers];
  if (typeof workers === 'number') return workers;
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    `${confKeys.workers} must be a number, got ${JSON.stringify(workers)}`,
  );
}

function tooLarge(limit: string, wanted: number): GatewayError {
  return new GatewayError(
    'TOPOLOGY_INVALID',
    `Failed to submit topology. Topology requests more than ${limit}: ${wanted}`,
  );
}

function hasJava(topology: StormTopology): boolean {
  const objects = [
    ...[...topology.spouts.values()].map((spec) => spec.spout_object),
    ...[...topology.bolts.values()].map((spec) => spec.bolt_object),
  ];
  return objects.some((object) => object.kind !== 'shell');
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
