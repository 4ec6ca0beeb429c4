import { type Clock, type Freeing, GatewayError } from '../base/index.ts';
import { type CodeDirectories, readComponentConfs } from '../code/index.ts';
import { type ConfText, maskSecrets, readConfValues, writeConfText } from '../config/index.ts';
import { isUnreadable, type Queries } from '../queries/index.ts';
import type { TopologyRecord } from '../records/index.ts';
import {
  type Call,
  type Handler,
  type NimbusMethods,
  type NimbusSummary,
  type StormTopology,
  toSystemStormTopology,
} from '../rpc/index.ts';
import type { LogicalTopology } from '../topology/index.ts';
import type { Inbox } from '../uploads/index.ts';
import type { LeaderHost } from './leader-address.ts';
import type { TopologyEvent } from './lifecycle.ts';
import { messageTimeoutSecs } from './message-timeout.ts';
import { queryMethods } from './query-methods.ts';
import type { Reaper } from './reaper.ts';
import type { Rebalances } from './rebalance.ts';
import type { Submissions } from './submission.ts';
import { isTopologyName, stormVersion } from './submission-checks.ts';
import type { Topologies } from './topologies.ts';

export interface HandlerDeps {
  readonly clock: Clock;
  readonly queries: Queries;
  readonly inbox: Inbox;
  readonly code: CodeDirectories;
  readonly topologies: Topologies;
  readonly submissions: Submissions;
  readonly reaper: Reaper;
  readonly rebalances: Rebalances;
  readonly freeing: Freeing;
}

export interface HandlerOptions {
  readonly clusterConf: ConfText;
  readonly leaderHost: LeaderHost;
  readonly startedAtMs: number;
}

/**
 * The methods of Storm's Nimbus that the gateway implements; the server answers every other method with an
 * error that names it. Each method is thin and leaves the work to the class behind it.
 */
export function makeHandler(deps: HandlerDeps, options: HandlerOptions): Handler<NimbusMethods> {
  return {
    ...leaderMethods(deps, options),
    ...submitMethods(deps),
    ...lifecycleMethods(deps, options),
    ...queryMethods({ ...deps, leader: (call) => nimbusSummary(deps, options, call) }),
    ...codeMethods(deps),
  };
}

function leaderMethods(deps: HandlerDeps, options: HandlerOptions) {
  const shownConf = writeConfText(maskSecrets(options.clusterConf), 'java');
  return {
    getLeader: (_args: object, call: Call) => nimbusSummary(deps, options, call),
    getNimbusConf: () => shownConf,
    isTopologyNameAllowed: async ({ name }) =>
      isTopologyName(name) && !(await deps.topologies.isNameTaken(name)),
  } satisfies Handler<NimbusMethods>;
}

function submitMethods({ inbox, submissions }: HandlerDeps) {
  const submit = async (
    args: NimbusMethods['submitTopology']['arguments'],
    initialStatus: 'ACTIVE' | 'INACTIVE',
  ): Promise<void> => {
    const { name, jsonConf, topology, uploadedJarLocation: jarLocation } = args;
    await submissions.submit({ name, jarLocation, jsonConf, topology, initialStatus });
  };
  return {
    beginFileUpload: (_args: object, call: Call) => inbox.begin(call),
    uploadChunk: ({ location, chunk }, call) => inbox.append(location, chunk, call),
    finishFileUpload: ({ location }, call) => inbox.finish(location, call),
    submitTopology: (args) => submit(args, 'ACTIVE'),
    submitTopologyWithOpts: (args) => submit(args, args.options.initial_status),
  } satisfies Handler<NimbusMethods>;
}

function lifecycleMethods(deps: HandlerDeps, { clusterConf }: HandlerOptions) {
  const { topologies, reaper, rebalances, code, clock, freeing } = deps;
  const kill = async (name: string, waitSecs: number | undefined): Promise<void> => {
    const found = await topologies.findByName(name);
    if (isUnreadable(found)) {
      // Its message timeout is unknown, so nothing waits. The reaper removes the rest once the record is
      // gone.
      await topologies.removeUnreadable(found);
      void reaper.wake();
      return;
    }
    const { record } = found;
    const wait = waitSecs ?? (await messageTimeoutSecs(code, record, clusterConf));
    const removeAtMs = clock.nowMs() + Math.max(0, wait) * 1000;
    await freeing(`killing ${name}`, () => topologies.step(name, { kind: 'kill', removeAtMs }));
    void reaper.wake();
  };
  const change = async (name: string, event: TopologyEvent): Promise<void> => {
    await topologies.step(name, event);
  };
  return {
    killTopology: ({ name }) => kill(name, undefined),
    killTopologyWithOpts: ({ name, options }) => kill(name, options.wait_secs),
    activate: ({ name }) => change(name, { kind: 'activate' }),
    deactivate: ({ name }) => change(name, { kind: 'deactivate' }),
    rebalance: ({ name, options }) => rebalances.begin(name, options),
  } satisfies Handler<NimbusMethods>;
}

function codeMethods(deps: HandlerDeps) {
  const { code, topologies } = deps;
  return {
    getTopologyConf: async ({ id }) => {
      const { record } = await topologies.byId(id);
      return (await code.readStormConf(record.id)) ?? codeMissing(record);
    },
    getUserTopology: async ({ id }) => readTopology(deps, (await topologies.byId(id)).record),
    getTopology: async ({ id }) => {
      const { record } = await topologies.byId(id);
      const [topology, system] = await Promise.all([readTopology(deps, record), readSystem(deps, record)]);
      const texts = await readComponentConfs(topology);
      return toSystemStormTopology(topology, system, (text) => readConfValues(texts.get(text) ?? new Map()));
    },
  } satisfies Handler<NimbusMethods>;
}

function nimbusSummary(
  { clock }: HandlerDeps,
  { leaderHost, startedAtMs }: HandlerOptions,
  call: Call,
): NimbusSummary {
  return {
    host: leaderHost(call.localAddress),
    port: call.localPort,
    uptime_secs: Math.max(0, Math.floor((clock.nowMs() - startedAtMs) / 1000)),
    isLeader: true,
    version: stormVersion,
  };
}

async function readTopology({ code }: HandlerDeps, record: TopologyRecord): Promise<StormTopology> {
  return (await code.readTopology(record.id)) ?? codeMissing(record);
}

async function readSystem({ code }: HandlerDeps, record: TopologyRecord): Promise<LogicalTopology> {
  return (await code.readSystemTopology(record.id)) ?? codeMissing(record);
}

/** The topology was removed after its record was read. */
function codeMissing(record: TopologyRecord): never {
  throw new GatewayError('TOPOLOGY_NOT_ALIVE', `${record.id} is not alive`, {
    facts: { topology: record.id },
  });
}
