import assert from 'node:assert/strict';
import { GatewayError, type JsonObject, silentLog } from '../base/index.ts';
import type { CodeDirectories, TopologyCode } from '../code/index.ts';
import { type ConfText, readConfText } from '../config/index.ts';
import { MemoryStore } from '../coordination/index.ts';
import { packRoundRobin, repack } from '../packing/index.ts';
import { RecordStore } from '../records/index.ts';
import { type GrowingSubmission, growingSubmissions } from '../testing/growing-submissions.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import type { LogicalTopology } from '../topology/index.ts';
import type { Inbox } from '../uploads/index.ts';
import { Submissions } from './submission.ts';
import { Topologies } from './topologies.ts';

const slots = Array.from({ length: 64 }, (_, port) => ({ nodeId: 'n', hostname: 'h', port: 6700 + port }));

/**
 * Everything between a call and the disk, and what the scheduler then does with it. Answers the fault, if
 * any.
 */
async function submitAndPack(
  { topology, jsonConf }: GrowingSubmission,
  clusterConf: ConfText,
): Promise<string | undefined> {
  const clock = new ManualClock(0);
  let written: TopologyCode | undefined;
  const code = {
    prepare: (_id: string, all: TopologyCode) => {
      written = all;
      return Promise.resolve({ place: () => Promise.resolve(), discard: () => Promise.resolve() });
    },
    remove: () => Promise.resolve(),
  } as unknown as CodeDirectories;
  const inbox = {
    finished: () => Promise.resolve('/jar'),
    discard: () => Promise.resolve(),
  } as unknown as Inbox;
  const logStreams = { settings: () => Promise.reject(new GatewayError('STREAM_UNKNOWN', 'none')) };
  const topologies = new Topologies(new RecordStore(new MemoryStore(clock)));
  const submissions = new Submissions(
    { clock, log: silentLog, topologies, inbox, code, logStreams },
    { clusterConf, limits: {}, owner: 'o' },
  );
  try {
    const initialStatus = 'ACTIVE';
    await submissions.submit({ name: 't', jarLocation: 'j', jsonConf, topology, initialStatus });
  } catch (error) {
    if (error instanceof GatewayError) return error.message;
    throw error;
  }
  const systemTopology = JSON.parse(written!.systemTopology) as LogicalTopology;
  const conf = JSON.parse(written!.mergedConf) as JsonObject;
  const request = { topologyId: 't', systemTopology, conf, freeSlots: slots };
  const packed = packRoundRobin(request);
  assert.equal(packed.kind, 'packed');
  repack({
    ...request,
    conf: { ...conf, 'topology.workers': 3 },
    before: packed.packing,
    executors: { b: 1 },
  });
  return undefined;
}

/**
 * CPU time: what other processes of this machine do counts less than it would in wall time. The least of some
 * runs.
 */
async function cpuMsOf(submission: GrowingSubmission, clusterConf: ConfText, runs: number): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = process.cpuUsage();
    await submitAndPack(submission, clusterConf);
    const { user, system } = process.cpuUsage(start);
    leastMs = Math.min(leastMs, (user + system) / 1000);
  }
  return leastMs;
}

describe('the time that a submission takes', () => {
  const size = 32;
  const growth = 16;
  /**
   * n log n comes to 29 at these sizes, n squared to 256. Measured were 22 at most, and 74 to 290 with
   * products put back.
   */
  const ratioMax = 50;
  const attempts = 4;
  let clusterConf: ConfText;
  before(async () => {
    const conf = { 'topology.workers': 1, 'topology.message.timeout.secs': 30 };
    clusterConf = await readConfText(JSON.stringify(conf), 'the cluster');
  });

  for (const [what, make] of Object.entries(growingSubmissions)) {
    it(`grows at most as n log n: ${what}`, async () => {
      const [small, large] = [make(size), make(size * growth)];
      const ratios: string[] = [];
      for (let attempt = 0; attempt < attempts; attempt++) {
        const smallMs = await cpuMsOf(small, clusterConf, 3);
        const largeMs = await cpuMsOf(large, clusterConf, 1);
        // A small one that takes next to nothing says little: then the large one is held to a time of its
        // own.
        if (largeMs <= ratioMax * Math.max(smallMs, 1)) return;
        ratios.push(`${smallMs} ms -> ${largeMs} ms`);
      }
      assert.fail(`${growth} times the size took more than ${ratioMax} times as long: ${ratios.join(', ')}`);
    });
  }
});
