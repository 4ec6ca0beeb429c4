import { existsSync } from 'node:fs';
import {
  type Clock,
  deferred,
  describeError,
  type JsonObject,
  type Logger,
  type RandomSource,
} from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import type { ContainerSpec, TopologyRecord } from '../../records/index.ts';
import type { Network } from '../links/index.ts';
import { confNumber } from '../spec/index.ts';
import { TopologyMaster } from '../topology-master/index.ts';
import { keepAliveFile } from './alive-file.ts';
import { cleanDirectories, prepareDirectories, readConf, readTopology } from './prepare.ts';
import { TopologyWatch } from './topology-watch.ts';
import { WorkerContainer } from './worker.ts';

export interface ContainerDeps {
  readonly spec: ContainerSpec;
  /** The file of the spec. The container ends when it disappears. */
  readonly specFile: string;
  readonly network: Network;
  readonly openStore: () => Promise<StateStore>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Stop soon: hosts may use their grace period. */
  readonly stopSoon: AbortSignal;
  /** Stop now: hosts that still run are killed. */
  readonly stopNow: AbortSignal;
}

/** 0: it was asked to stop or has nothing left to do. 1: after a fault, so that it is started again. */
export type ContainerExitCode = 0 | 1;

/** What runs in the process: a topology master or a worker. */
interface Role {
  /** Resolves with a reason when it cannot continue. */
  readonly failed: Promise<string>;
  /** Resolves with a reason when it has nothing left to do. */
  readonly finished: Promise<string>;
  recordChanged(record: TopologyRecord | undefined): void;
  close(graceMs: number): Promise<void>;
}

const specCheckMs = 2000;
const graceSecsDefault = 3;

/**
 * The life of a container process: prepare its directories, start, run until a signal or until there is
 * nothing left to do, end in order. Resolves with the exit code. Rejects when the container cannot start.
 */
export async function runContainer(deps: ContainerDeps): Promise<ContainerExitCode> {
  const { spec, specFile, clock, log, stopSoon, stopNow } = deps;
  const ending = deferred<{ readonly reason: string; readonly code: ContainerExitCode }>();
  const hasEnded = new AbortController();
  const end = (reason: string, code: ContainerExitCode): void => {
    ending.resolve({ reason, code });
    hasEnded.abort();
  };
  stopSoon.addEventListener('abort', () => end('asked to stop', 0), { once: true });
  if (stopSoon.aborted) end('asked to stop', 0);
  await prepareDirectories(spec, { specFile, clock, log });
  const signsOfLife = keepAliveFile(spec, { clock, log });
  const conf = readConf(spec);
  const graceMs = 1000 * confNumber(conf, 'supervisor.worker.shutdown.sleep.secs', graceSecsDefault);
  await using store = disposable(await deps.openStore());
  const running: { role?: Role } = {};
  const watch = new TopologyWatch({
    ...{ spec, store: store.value, clock, log },
    onRecord: (record) => running.role?.recordChanged(record),
    onEnd: (reason) => end(reason, 0),
  });
  const specCheck = clock.every(specCheckMs, () => {
    if (!existsSync(specFile)) end(`${specFile} has disappeared`, 0);
  });
  try {
    const role = await startRole(deps, { conf, store: store.value, watch, signal: hasEnded.signal });
    running.role = role;
    void role.failed.then((reason) => end(reason, 1));
    void role.finished.then((reason) => end(reason, 0));
    log.info({ event: 'container.started', incarnation: spec.incarnation });
    const { reason, code } = await ending.promise;
    log.info({ event: 'container.ending', reason, code });
    stopNow.addEventListener('abort', () => void role.close(0), { once: true });
    await role.close(stopNow.aborted ? 0 : graceMs);
    log.info({ event: 'container.ended', code });
    return code;
  } catch (error) {
    // A stop before the start is complete is not a fault.
    if (hasEnded.signal.aborted) return (await ending.promise).code;
    throw error;
  } finally {
    specCheck[Symbol.dispose]();
    await watch.close();
    signsOfLife[Symbol.dispose]();
    cleanDirectories(spec, { specFile, log });
  }
}

interface RoleDeps {
  readonly conf: JsonObject;
  readonly store: StateStore;
  readonly watch: TopologyWatch;
  /** Aborted when the container ends, for any reason. */
  readonly signal: AbortSignal;
}

/**
 * A worker starts without the record, to be up soon. A master waits for it: its first plan has the topology's
 * status.
 */
async function startRole(deps: ContainerDeps, roleDeps: RoleDeps): Promise<Role> {
  const watching = roleDeps.watch.start();
  if (deps.spec.containerId === 0) await watching;
  const role = await openRole(deps, roleDeps);
  const { record } = roleDeps.watch;
  if (record !== undefined) role.recordChanged(record);
  return role;
}

async function openRole(deps: ContainerDeps, { conf, store, watch, signal }: RoleDeps): Promise<Role> {
  const { spec, network, clock, random, log } = deps;
  if (spec.containerId !== 0) {
    const topology = readTopology(spec);
    const worker = await WorkerContainer.open({ spec, conf, topology, network, store, clock, random, log });
    return {
      failed: new Promise(() => undefined),
      finished: worker.left,
      recordChanged: () => undefined, // the topology's status reaches it by the physical plan
      close: (graceMs) => worker.close(graceMs),
    };
  }
  const { status = 'ACTIVE' as const, rebalances = 0 } = watch.record ?? {};
  const master = await TopologyMaster.open(
    { spec, conf, network, store, clock, log, status, rebalances },
    signal,
  );
  const running = master.run(signal).catch((error: unknown) => describeError(error));
  return {
    failed: running,
    finished: new Promise(() => undefined),
    recordChanged: (record) => {
      if (record !== undefined) master.statusChanged(record.status, record.rebalances);
    },
    close: () => master.close(),
  };
}

function disposable(value: StateStore): AsyncDisposable & { readonly value: StateStore } {
  return { value, [Symbol.asyncDispose]: () => value.close() };
}
