import { type Clock, GatewayError, type Logger, nextTurn } from '../base/index.ts';
import {
  type CodeDirectories,
  checkComponentConfs,
  checkTopologyBytes,
  compileTopology,
  normalizeConf,
  readComponentConfs,
  type TopologyCode,
  writeSettings,
} from '../code/index.ts';
import {
  type ConfText,
  deprecatedKeysOf,
  findEgretConfFault,
  findTopologyConfFault,
  mergeConf,
  readConfText,
  readConfValues,
  withConfValues,
  withCurrentNames,
  writeConfText,
} from '../config/index.ts';
import type { TopologyRecord } from '../records/index.ts';
import {
  type Bolt,
  type ComponentCommon,
  encode,
  type SpoutSpec,
  type StateSpoutSpec,
  StormTopology,
  type TopologyInitialStatus,
  withLogComponents,
} from '../rpc/index.ts';
import { confKeys, type LogicalTopology } from '../topology/index.ts';
import type { Inbox } from '../uploads/index.ts';
import { checkLogStreams, type LogStreams } from './log-streams.ts';
import {
  checkShellCommands,
  checkSize,
  checkSupported,
  checkTopologyName,
  checkWorkers,
  type SizeLimits,
} from './submission-checks.ts';
import type { Topologies } from './topologies.ts';

export interface SubmitRequest {
  readonly name: string;
  readonly jarLocation: string;
  readonly jsonConf: string;
  readonly topology: StormTopology;
  readonly initialStatus: TopologyInitialStatus;
}

export interface SubmissionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly topologies: Topologies;
  readonly inbox: Inbox;
  readonly code: CodeDirectories;
  readonly logStreams: LogStreams;
}

export interface SubmissionOptions {
  readonly clusterConf: ConfText;
  readonly limits: SizeLimits;
  /** The user that topologies run as: the gateway's, because the transport knows no other. */
  readonly owner: string;
}

/** A submission that passed every check, ready to be written. */
interface Accepted {
  readonly record: TopologyRecord;
  readonly code: TopologyCode;
}

/**
 * Accepts submissions. Checks run in the order of Storm's Nimbus (submitTopologyWithOpts, 2.8): name, alive,
 * configuration, structure, size. Then the files are written, the name is claimed, and the record makes the
 * topology exist. The answer does not wait for the scheduler. A failed submission leaves nothing behind.
 */
export class Submissions {
  readonly #deps: SubmissionDeps;
  readonly #options: SubmissionOptions;
  /**
   * The uploaded jar of each submission that is being checked or written, by topology id.
   * Invariant: an id is in it from before its first check until its record exists or all of its files are
   * removed.
   */
  readonly #underWay = new Map<string, string>();
  /** Invariant: never decreases, so that no two submissions of one gateway have the same id. */
  #count = 0;

  constructor(deps: SubmissionDeps, options: SubmissionOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** True while the topology is being checked or written: its files must not be removed as leftovers. */
  isUnderWay(topologyId: string): boolean {
    return this.#underWay.has(topologyId);
  }

  /**
   * Resolves with the topology's record. Throws `TOPOLOGY_INVALID`, `CONFIG_INVALID` or `JAR_INVALID` (to the
   * client all InvalidTopologyException), `TOPOLOGY_ALREADY_ALIVE`, `UPLOAD_UNKNOWN`, or `UPLOAD_FAILED` on a
   * full disk.
   */
  async submit(request: SubmitRequest): Promise<TopologyRecord> {
    const nowSecs = Math.floor(this.#deps.clock.nowMs() / 1000);
    const id = `${request.name}-${++this.#count}-${nowSecs}`;
    this.#underWay.set(id, request.jarLocation);
    try {
      const accepted = await this.#check(request, { id, nowSecs });
      await this.#write(accepted);
      this.#deps.log.info({ event: 'topology.submitted', topology: id, status: accepted.record.status });
      return accepted.record;
    } finally {
      this.#underWay.delete(id);
      // The topology has taken the jar, or it is of no further use: a client that retries uploads it again.
      if (![...this.#underWay.values()].includes(request.jarLocation)) {
        await this.#deps.inbox.discard(request.jarLocation);
      }
    }
  }

  async #check(
    request: SubmitRequest,
    named: { readonly id: string; readonly nowSecs: number },
  ): Promise<Accepted> {
    const { name, topology } = request;
    const { clusterConf, limits, owner } = this.#options;
    checkTopologyName(name);
    if (await this.#deps.topologies.isNameTaken(name)) throw alreadyAlive(name);
    const written = [await readConfText(request.jsonConf, `the configuration of topology ${name}`)];
    const submitted = withCurrentNames(written[0]!);
    await nextTurn();
    const fault = findTopologyConfFault(submitted) ?? findEgretConfFault(submitted);
    if (fault !== undefined) throw new GatewayError('TOPOLOGY_INVALID', `topology ${name}: ${fault}`);
    checkSupported(topology, submitted);
    checkShellCommands(topology);
    await nextTurn();
    const texts = await readComponentConfs(topology, (conf) => written.push(conf));
    checkComponentConfs(topology, texts);
    const componentConfs = [...texts.values()];
    await nextTurn();
    const conf = normalizeConf({ id: named.id, name, owner, clusterConf, conf: submitted, componentConfs });
    await nextTurn();
    const merged = mergeConf(clusterConf, conf);
    const mergedValues = readConfValues(merged);
    await nextTurn();
    const source = { name, topology, origin: 'submitted', texts, conf: mergedValues } as const;
    const { logical, rewritten, system } = await compileTopology(source, nextTurn);
    await checkLogStreams(this.#deps.logStreams, rewritten, name);
    checkSize(logical, mergedValues, limits);
    checkSize(system, mergedValues, {});
    await nextTurn();
    const settings = await writeSettings(name, { conf, merged, system }, nextTurn);
    await nextTurn();
    const kept = withLogComponents(withTasks(topology, logical, texts), rewritten);
    await nextTurn();
    const topologyBytes = encode(StormTopology, kept);
    checkTopologyBytes(name, topologyBytes);
    for (const deprecated of deprecatedKeysOf(...written)) {
      this.#deps.log.warn({ event: 'config.key-deprecated', topology: named.id, ...deprecated });
    }
    return {
      record: recordOf(request, { ...named, owner, workers: checkWorkers(mergedValues) }),
      code: { jarPath: await this.#deps.inbox.finished(request.jarLocation), topologyBytes, ...settings },
    };
  }

  /**
   * Writes the files, claims the name, then writes the record. If one step fails, the earlier steps are
   * undone.
   */
  async #write({ record, code }: Accepted): Promise<void> {
    const { topologies, code: directories } = this.#deps;
    const prepared = await directories.prepare(record.id, code);
    let isClaimed = false;
    try {
      isClaimed = await topologies.claimName(record.name, record.id);
      if (!isClaimed) throw alreadyAlive(record.name);
      await prepared.place();
      await topologies.create(record);
    } catch (error) {
      await prepared.discard();
      await directories.remove(record.id);
      if (isClaimed) await topologies.releaseName(record.name, record.id).catch(() => undefined);
      throw error;
    }
  }
}

function recordOf(
  { name, initialStatus, topology }: SubmitRequest,
  facts: { readonly id: string; readonly nowSecs: number; readonly owner: string; readonly workers: number },
): TopologyRecord {
  return {
    id: facts.id,
    name,
    status: initialStatus,
    owner: facts.owner,
    launchedAtSecs: facts.nowSecs,
    workers: facts.workers,
    ...(topology.storm_version === undefined ? {} : { stormVersion: topology.storm_version }),
    ...(topology.jdk_version === undefined ? {} : { jdkVersion: topology.jdk_version }),
  };
}

/** Adds the number of tasks to each component's configuration; the rest stays as submitted. */
function withTasks(
  topology: StormTopology,
  logical: LogicalTopology,
  texts: ReadonlyMap<string, ConfText>,
): StormTopology {
  const tasks = new Map(logical.components.map(({ id, conf }) => [id, conf[confKeys.tasks]!]));
  const commonOf = (id: string, common: ComponentCommon): ComponentCommon => {
    const own = texts.get(common.json_conf ?? '') ?? new Map<string, string>();
    const conf = withConfValues(own, { [confKeys.tasks]: tasks.get(id)! });
    return { ...common, json_conf: writeConfText(conf, 'java') };
  };
  const all = <T extends SpoutSpec | Bolt | StateSpoutSpec>(specs: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...specs].map(([id, spec]) => [id, { ...spec, common: commonOf(id, spec.common) }]));
  return {
    ...topology,
    spouts: all(topology.spouts),
    bolts: all(topology.bolts),
    state_spouts: all(topology.state_spouts),
  };
}

function alreadyAlive(name: string): GatewayError {
  return new GatewayError('TOPOLOGY_ALREADY_ALIVE', `${name} is already alive`, {
    facts: { topology: name },
  });
}
