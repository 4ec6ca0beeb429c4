import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  asJson,
  describeError,
  errorCode,
  type JsonObject,
  parseJsonObject,
  readRegularFileSync,
} from '../base/index.ts';
import type { KeeperProcess } from '../child/index.ts';
import {
  type AssignmentRecord,
  aliveFileName,
  type ContainerSpec,
  confFileName,
  type Reading,
  readAssignmentRecord,
  readPackingPlan,
  readTopologyRecord,
  type TopologyRecord,
} from '../records/index.ts';
import { codeFileBytesMax } from '../topology/index.ts';
import type { ContainerName } from './reconcile.ts';

/** Storm's default of `supervisor.worker.shutdown.sleep.secs` (defaults.yaml 2.8). */
const graceSecsDefault = 3;
/** A container that needs longer to end is ended. */
const graceSecsMax = 86_400;
/**
 * Largest file of the scheduler's own that is read: a plan of all tasks that there may be takes a tenth of
 * it.
 */
const ownFileBytesMax = 64 * 1024 * 1024;

/** What is known of a process that was started, in a file beside its spec: enough to know it again. */
export interface ProcessRecord {
  readonly pid: number;
  readonly processStart: string;
  readonly incarnation: string;
  readonly startedAtMs: number;
  /** The helper that ends what it leaves. */
  readonly keeper?: KeeperProcess;
}

/** The records of a topology, for a state store that forgot them. */
export interface TopologyCopy {
  readonly topology: TopologyRecord;
  /** Undefined where it is not what it should be. */
  readonly assignment: AssignmentRecord | undefined;
}

/**
 * The scheduler's files below `storm.local.dir`:
 *
 *     containers/<topology id>/records.json              copy of the topology's records; private
 *     containers/<topology id>/<container id>/
 *       spec.json                                        starts the container; private: may hold a password
 *       process.json                                     the process that was started with it
 *       run/                                             the container's own: sockets, pids, heartbeat file
 *     supervisor/alive                                   touched to see whether this disk answers
 *     workers/<topology id>-<slot port>/                 where a JVM runs; removed here if its container died
 *     workers-artifacts/<topology id>/<slot port>/       its logs (port 0: the topology master's)
 */
export class NodeFiles {
  readonly #containersDir: string;
  readonly #artifactsDir: string;
  readonly #codeDir: string;
  readonly #workersDir: string;

  constructor(dirs: { readonly stormLocalDir: string; readonly artifactsDir: string }) {
    this.#containersDir = join(dirs.stormLocalDir, 'containers');
    this.#artifactsDir = dirs.artifactsDir;
    this.#codeDir = join(dirs.stormLocalDir, 'supervisor', 'stormdist');
    this.#workersDir = join(dirs.stormLocalDir, 'workers');
    for (const dir of [this.#containersDir, join(this.#codeDir, '..')])
      mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** A file on the disk of the containers' directories. */
  get probeFile(): string {
    return join(this.#codeDir, '..', aliveFileName);
  }

  codeDirOf(topologyId: string): string {
    return join(this.#codeDir, topologyId);
  }

  logDirOf(topologyId: string, slotPort: number): string {
    return join(this.#artifactsDir, topologyId, String(slotPort));
  }

  dirOf({ topologyId, containerId }: ContainerName): string {
    return join(this.#containersDir, topologyId, String(containerId));
  }

  workDirOf(name: ContainerName): string {
    return join(this.dirOf(name), 'run');
  }

  /** Where the container's hosts record their processes. */
  pidDirOf(name: ContainerName): string {
    return join(this.workDirOf(name), 'pids');
  }

  specFileOf(name: ContainerName): string {
    return join(this.dirOf(name), 'spec.json');
  }

  /** The file is whole at any moment. Throws what the file system throws. */
  writeSpec(spec: ContainerSpec): void {
    mkdirSync(spec.workDir, { recursive: true, mode: 0o700 });
    const file = this.specFileOf(spec);
    writeFileSync(`${file}.new`, JSON.stringify(spec), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  writeProcess(name: ContainerName, record: ProcessRecord): void {
    const file = join(this.dirOf(name), 'process.json');
    writeFileSync(`${file}.new`, JSON.stringify(record));
    renameSync(`${file}.new`, file);
  }

  /** Undefined when the file is missing or is not what it should be. */
  readSpec(name: ContainerName): ContainerSpec | undefined {
    const spec = readJson(this.specFileOf(name)) as Partial<ContainerSpec> | undefined;
    const isWhole =
      spec?.topologyId === name.topologyId &&
      spec.containerId === name.containerId &&
      typeof spec.incarnation === 'string' &&
      typeof spec.logDir === 'string' &&
      readPackingPlan(name.topologyId, spec.plan === undefined ? undefined : asJson(spec.plan)).kind ===
        'read';
    return isWhole ? (spec as ContainerSpec) : undefined;
  }

  /** Undefined when the file is missing or is not what it should be. */
  readProcess(name: ContainerName): ProcessRecord | undefined {
    const found = readJson(join(this.dirOf(name), 'process.json')) as Partial<ProcessRecord> | undefined;
    const isWhole =
      Number.isSafeInteger(found?.pid) &&
      found!.pid! > 0 &&
      typeof found?.processStart === 'string' &&
      typeof found.incarnation === 'string' &&
      Number.isFinite(found.startedAtMs);
    return isWhole ? (found as ProcessRecord) : undefined;
  }

  /** How long a container's hosts may take to end, as the topology's configuration says. */
  graceMsOf(topologyId: string): number {
    const conf = readJson(join(this.codeDirOf(topologyId), confFileName), codeFileBytesMax);
    const secs = conf?.['supervisor.worker.shutdown.sleep.secs'];
    return 1000 * (typeof secs === 'number' && secs >= 0 ? Math.min(secs, graceSecsMax) : graceSecsDefault);
  }

  removeCopy(topologyId: string): void {
    rmSync(this.#copyFile(topologyId), { force: true });
  }

  #copyFile(topologyId: string): string {
    return join(this.#containersDir, topologyId, 'records.json');
  }

  /** Every container that has a directory, whatever is in it. */
  list(): ContainerName[] {
    return namesIn(this.#containersDir).flatMap((topologyId) =>
      namesIn(join(this.#containersDir, topologyId))
        .filter((name) => /^\d+$/.test(name))
        .map((name) => ({ topologyId, containerId: Number(name) })),
    );
  }

  /** The newest version among the plans that the topology's containers were started with; 0 without any. */
  planVersionOf(topologyId: string): number {
    const names = this.list().filter((name) => name.topologyId === topologyId);
    return Math.max(0, ...names.map((name) => this.readSpec(name)?.plan.version ?? 0));
  }

  listTopologies(): string[] {
    return namesIn(this.#containersDir);
  }

  /** Undefined when there is none. */
  readCopy(topologyId: string): Reading<TopologyCopy> | undefined {
    const file = this.#copyFile(topologyId);
    let copy: JsonObject;
    try {
      copy = parseJsonObject(file, readRegularFileSync(file, ownFileBytesMax));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      return { kind: 'unreadable', reason: describeError(error) };
    }
    const topology = readTopologyRecord(topologyId, copy['topology']);
    if (topology.kind === 'unreadable') return { kind: 'unreadable', reason: `${file}: ${topology.reason}` };
    const assignment = readAssignmentRecord(topologyId, copy['assignment']);
    // The scheduler makes another assignment where there is none.
    return {
      kind: 'read',
      record: {
        topology: topology.record,
        assignment: assignment.kind === 'read' ? assignment.record : undefined,
      },
    };
  }

  /** Throws what the file system throws. */
  writeCopy(topologyId: string, text: string): void {
    const file = this.#copyFile(topologyId);
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  /**
   * The container will not be started again soon: what its processes left goes, the logs stay (see
   * ArtifactsCleaner).
   */
  remove(name: ContainerName): void {
    const spec = this.readSpec(name);
    if (spec !== undefined) this.#removeWorker(`${name.topologyId}-${basename(spec.logDir)}`);
    rmSync(this.dirOf(name), { recursive: true, force: true });
  }

  removeTopology(topologyId: string): void {
    for (const workerId of namesIn(this.#workersDir))
      if (/^-\d+$/.test(workerId.slice(topologyId.length)) && workerId.startsWith(topologyId))
        this.#removeWorker(workerId);
    rmSync(join(this.#containersDir, topologyId), { recursive: true, force: true });
  }

  #removeWorker(workerId: string): void {
    rmSync(join(this.#workersDir, workerId), { recursive: true, force: true });
  }
}

/**
 * Tells apart what a container is started with and cannot change while it runs: its place and its
 * configuration.
 */
export function digestContainer({ plan, containerId }: Pick<ContainerSpec, 'plan' | 'containerId'>): string {
  const place = plan.containers.find((container) => container.containerId === containerId);
  const { slotPort, nodeId, hostname } = place ?? { slotPort: 0, nodeId: '', hostname: '' };
  const text = JSON.stringify([slotPort, nodeId, hostname, plan.codeVersion]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** This node's id, as it is in records: made once, kept in `storm.local.dir`. */
export function readNodeId(stormLocalDir: string, makeId: () => string): string {
  const file = join(stormLocalDir, 'supervisor', 'node-id');
  try {
    const id = readRegularFileSync(file, 4096).toString('utf8').trim();
    if (id !== '') return id;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const id = makeId();
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${id}\n`);
  return id;
}

function readJson(file: string, bytesMax = ownFileBytesMax): JsonObject | undefined {
  try {
    return parseJsonObject(file, readRegularFileSync(file, bytesMax));
  } catch {
    return undefined; // missing, cut off by a full disk, or not ours: in each case it says nothing
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}
