import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject } from '../base/index.ts';
import { topologyArbitrary } from '../testing/topologies.ts';
import {
  computeExecutors,
  type LogicalTopology,
  makeSystemTopology,
  normalizeTopology,
  type PackingPlan,
} from '../topology/index.ts';
import { packRoundRobin, repack, type Slot } from './index.ts';

const slots: readonly Slot[] = ['n1', 'n2'].flatMap((nodeId) =>
  [6700, 6701, 6702, 6703].map((port) => ({ nodeId, hostname: `${nodeId}.example`, port })),
);
const nameOf = ({ nodeId, port }: Slot): string => `${nodeId}:${port}`;
const freeBeside = (plan: PackingPlan): Slot[] => {
  const used = new Set(plan.containers.map(({ nodeId, slotPort }) => `${nodeId}:${slotPort}`));
  return slots.filter((slot) => !used.has(nameOf(slot)));
};

interface Change {
  readonly workers: number;
  /** By the place of the component among those with tasks. */
  readonly executors: readonly number[];
  readonly codeVersion: number;
}

const changeArbitrary: fc.Arbitrary<Change> = fc.record({
  workers: fc.integer({ min: 1, max: 8 }),
  executors: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 8 }),
  codeVersion: fc.nat({ max: 1 }),
});

const sampleArbitrary = fc.record({
  drawn: topologyArbitrary,
  workers: fc.integer({ min: 1, max: 8 }),
  shells: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  changes: fc.array(changeArbitrary, { minLength: 1, maxLength: 4 }),
});

interface Sample {
  readonly system: LogicalTopology;
  readonly conf: JsonObject;
  readonly plan: PackingPlan;
}

function begin(
  drawn: { topology: LogicalTopology; conf: JsonObject },
  workers: number,
  shells: boolean[],
): Sample {
  const components = drawn.topology.components.map((component, i) => ({
    ...component,
    implementation: shells[i % shells.length]!
      ? ({ kind: 'shell', executionCommand: 'python3', script: 'x.py' } as const)
      : component.implementation,
  }));
  const system = makeSystemTopology(normalizeTopology({ components }, drawn.conf), drawn.conf);
  const conf = { ...drawn.conf, 'topology.workers': workers };
  const first = packRoundRobin({ topologyId: 't', systemTopology: system, conf, freeSlots: slots });
  assert.equal(first.kind, 'packed');
  return { system, conf, plan: first.packing };
}

/** One step: what was asked, and the plans before and after. */
interface Step {
  readonly executors: Readonly<Record<string, number>>;
  readonly workers: number;
  readonly before: PackingPlan;
  readonly after: PackingPlan;
}

function go({ system, conf, plan }: Sample, changes: readonly Change[]): Step[] {
  let before = plan;
  let executors: Record<string, number> = {};
  const withTasks = [...new Set(plan.tasks.map((task) => task.componentId))];
  return changes.map((change) => {
    executors = { ...executors };
    change.executors.forEach((count, i) => {
      if (withTasks.length > 0) executors[withTasks[i % withTasks.length]!] = count;
    });
    const packed = repack({
      ...{ topologyId: 't', systemTopology: system, executors, before, freeSlots: freeBeside(before) },
      conf: { ...conf, 'topology.workers': change.workers },
      codeVersion: change.codeVersion,
    });
    assert.equal(packed.kind, 'packed');
    const step = { executors, workers: change.workers, before, after: packed.packing };
    before = packed.packing;
    return step;
  });
}

function forEachStep(check: (step: Step, sample: Sample) => void): void {
  fc.assert(
    fc.property(sampleArbitrary, ({ drawn, workers, shells, changes }) => {
      const sample = begin(drawn, workers, shells);
      fc.pre(sample.plan.tasks.length > 0);
      for (const step of go(sample, changes)) check(step, sample);
    }),
  );
}

const containerOf = (plan: PackingPlan): Map<number, number> =>
  new Map(plan.tasks.map(({ taskId, containerId }) => [taskId, containerId]));
/** Executors by container. */
const loadsOf = (plan: PackingPlan): Map<number, number> => {
  const loads = new Map(plan.containers.map(({ containerId }) => [containerId, 0]));
  for (const { taskId, executor, containerId } of plan.tasks)
    if (taskId === executor[0]) loads.set(containerId, loads.get(containerId)! + 1);
  return loads;
};

describe('repack', () => {
  it('places every task once, executors whole, in containers and slots that exist once', () => {
    forEachStep(({ after, executors, before }, { system }) => {
      assert.deepEqual(
        after.tasks.map(({ taskId }) => taskId),
        before.tasks.map(({ taskId }) => taskId),
      );
      const expected = computeExecutors(system, executors);
      assert.deepEqual(
        after.tasks
          .filter(({ taskId, executor }) => taskId === executor[0])
          .map(({ executor }) => [...executor]),
        expected.map(({ executor }) => [...executor]),
      );
      for (const { executor } of expected) {
        const whole = after.tasks.filter(({ taskId }) => taskId >= executor[0] && taskId <= executor[1]);
        assert.equal(new Set(whole.map(({ containerId }) => containerId)).size, 1);
      }
      const ids = after.containers.map(({ containerId }) => containerId);
      const places = after.containers.map(({ nodeId, slotPort }) => `${nodeId}:${slotPort}`);
      assert.equal(new Set(ids).size, ids.length);
      assert.equal(new Set(places).size, places.length);
      assert.ok(after.tasks.every(({ containerId }) => ids.includes(containerId)));
    });
  });

  it('gives as many containers as Storm would workers, and shares executors out to within one', () => {
    forEachStep(({ after, executors, workers }, { system }) => {
      const executorCount = computeExecutors(system, executors).length;
      assert.equal(after.containers.length, Math.min(workers, executorCount, slots.length));
      const loads = [...loadsOf(after).values()];
      assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, JSON.stringify(loads));
    });
  });

  it('keeps id and slot of every container that stays', () => {
    forEachStep(({ before, after }) => {
      const slotOf = new Map(before.containers.map((each) => [each.containerId, each]));
      for (const container of after.containers) {
        const earlier = slotOf.get(container.containerId);
        if (earlier !== undefined) assert.deepEqual(container, earlier);
      }
      const kept = after.containers.filter(({ containerId }) => slotOf.has(containerId)).length;
      assert.equal(kept, Math.min(before.containers.length, after.containers.length));
    });
  });

  it('moves no more executors than the even share demands when their task ranges stay the same', () => {
    fc.assert(
      fc.property(sampleArbitrary, ({ drawn, workers, shells, changes }) => {
        const sample = begin(drawn, workers, shells);
        fc.pre(sample.plan.tasks.length > 0);
        for (const { before, after } of go(
          sample,
          changes.map((change) => ({ ...change, executors: [] })),
        )) {
          const was = containerOf(before);
          const moved = after.tasks.filter(
            ({ taskId, executor, containerId }) => taskId === executor[0] && was.get(taskId) !== containerId,
          );
          assert.equal(moved.length, fewestMoves(before, after.containers.length));
        }
      }),
    );
  });

  it('is the plan itself when nothing is to change, and of the next version otherwise', () => {
    forEachStep(({ before, after }, { system, conf }) => {
      assert.equal(after === before, after.version === before.version);
      if (after !== before) assert.equal(after.version, before.version + 1);
      const again = repack({
        ...{ topologyId: 't', systemTopology: system, before, freeSlots: freeBeside(before) },
        executors: Object.fromEntries(
          before.tasks.map(({ componentId }) => [componentId, executorsOf(before, componentId)]),
        ),
        conf: { ...conf, 'topology.workers': before.containers.length },
        codeVersion: before.codeVersion,
      });
      assert.ok(again.kind === 'packed' && again.packing === before);
    });
  });

  it('returns the same for the same request, whatever the order of slots and tasks', () => {
    fc.assert(
      fc.property(sampleArbitrary, fc.nat(), ({ drawn, workers, shells, changes }, seed) => {
        const { system, conf, plan } = begin(drawn, workers, shells);
        const { workers: wanted, codeVersion } = changes[0]!;
        const shuffled = <T>(all: readonly T[]): T[] =>
          fc.sample(fc.shuffledSubarray([...all], { minLength: all.length }), { seed, numRuns: 1 })[0]!;
        const request = {
          ...{ topologyId: 't', systemTopology: system, codeVersion },
          conf: { ...conf, 'topology.workers': wanted },
        };
        const answer = repack({ ...request, before: plan, freeSlots: freeBeside(plan) });
        const other = repack({
          ...request,
          before: { ...plan, tasks: shuffled(plan.tasks), containers: shuffled(plan.containers) },
          freeSlots: shuffled(freeBeside(plan)),
        });
        assert.ok(answer.kind === 'packed' && other.kind === 'packed');
        if (answer.packing !== plan) assert.deepEqual(other, answer);
      }),
    );
  });

  it('reuses no id of a container that still runs, and takes the lowest free one', () => {
    const { system, conf, plan } = begin(simple, 1, [true]);
    const request = {
      ...{ topologyId: 't', systemTopology: system, before: plan, freeSlots: freeBeside(plan) },
      conf: { ...conf, 'topology.workers': 3 },
    };
    const ids = (leavingIds: number[]): number[] => {
      const packed = repack({ ...request, leavingIds });
      assert.ok(packed.kind === 'packed');
      return packed.packing.containers.map(({ containerId }) => containerId);
    };
    assert.deepEqual(ids([]), [1, 2, 3]);
    assert.deepEqual(ids([2, 4]), [1, 3, 5]);
  });

  it('moves shell bolts before spouts, Java and ackers', () => {
    const { system, conf, plan } = begin(simple, 1, [true]);
    const packed = repack({
      ...{ topologyId: 't', systemTopology: system, before: plan, freeSlots: freeBeside(plan) },
      conf: { ...conf, 'topology.workers': 2 },
    });
    assert.ok(packed.kind === 'packed');
    const moved = packed.packing.tasks.filter(({ containerId }) => containerId !== 1);
    assert.deepEqual([...new Set(moved.map(({ componentId }) => componentId))], ['bolt']);
    assert.equal(moved.length, 3);
  });

  it('uses the slots there are, and reports what is missing', () => {
    const { system, conf, plan } = begin(simple, 1, [true]);
    const packed = repack({
      ...{ topologyId: 't', systemTopology: system, before: plan, freeSlots: freeBeside(plan).slice(0, 1) },
      conf: { ...conf, 'topology.workers': 4 },
    });
    assert.ok(packed.kind === 'packed');
    assert.equal(packed.packing.containers.length, 2);
    assert.equal(packed.shortage, 'topology t asks for 4 workers, it has 2 slots');
  });
});

const simple = {
  topology: {
    components: [shell('spout', 'spout', 2), shell('bolt', 'bolt', 4)],
  },
  conf: {
    'topology.workers': 1,
    'topology.acker.executors': 1,
    'topology.message.timeout.secs': 30,
    'topology.eventlogger.executors': 0,
  },
} as const;

function shell(
  id: string,
  kind: 'spout' | 'bolt',
  parallelismHint: number,
): LogicalTopology['components'][number] {
  return {
    ...{ id, kind, parallelismHint, inputs: [], conf: {} },
    implementation: { kind: 'shell', executionCommand: 'python3', script: 'x.py' },
    streams: { default: { fields: ['word'], direct: false } },
  };
}

function executorsOf(plan: PackingPlan, componentId: string): number {
  const own = plan.tasks.filter((task) => task.componentId === componentId);
  return own.filter(({ taskId, executor }) => taskId === executor[0]).length;
}

/** By trying every choice of containers that stay and of those that get one executor more. */
function fewestMoves(before: PackingPlan, containerCount: number): number {
  const loads = [...loadsOf(before).values()];
  const total = loads.reduce((sum, each) => sum + each, 0);
  const least = Math.floor(total / containerCount);
  const withMore = total % containerCount;
  let best = total;
  const choose = (at: number, left: number, more: number, kept: number): void => {
    if (at === loads.length) {
      best = Math.min(best, total - kept);
      return;
    }
    choose(at + 1, left, more, kept);
    if (left === 0) return;
    choose(at + 1, left - 1, more, kept + Math.min(loads[at]!, least));
    if (more > 0) choose(at + 1, left - 1, more - 1, kept + Math.min(loads[at]!, least + 1));
  };
  choose(0, containerCount, withMore, 0);
  return best;
}
