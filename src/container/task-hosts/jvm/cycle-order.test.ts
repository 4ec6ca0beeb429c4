import assert from 'node:assert/strict';
import fc from 'fast-check';
import { edgeTopology } from '../../../testing/edge-topology.ts';
import { FlowGraph, type TaskId } from '../../../topology/index.ts';
import { CycleOrder } from './cycle-order.ts';

describe('the order of pressure on a cycle through JVMs', () => {
  it('lets a worker wait for what comes before its own, and for everything while it has no pressure itself', () => {
    // 3 a, 4 b, 5 c, 6 s, 7 sink; the spout feeds a
    const topology = edgeTopology(['s>a', 'a>b', 'b>c', 'c>a', 'c>sink']);
    const ofB = new CycleOrder(topology, [4]);
    assert.deepEqual(ofB.heeded([3, 5, 7]), [3, 5, 7]);
    assert.deepEqual(ofB.heeded([4, 5, 7]), [4, 7]);
    const ofC = new CycleOrder(topology, [5, 6]);
    assert.deepEqual(ofC.heeded([3, 5]), [3, 5]);
    const ofA = new CycleOrder(topology, [3]);
    assert.deepEqual(ofA.heeded([3, 4]), [3]);
  });

  it('respects the pressure of a task off the cycle, even while it has pressure itself', () => {
    const topology = edgeTopology(['s>a', 'a>b', 'b>a', 'a>sink']);
    assert.deepEqual(new CycleOrder(topology, [3]).heeded([3, 4, 6]), [3, 6]);
  });

  it('puts first the tasks that a spout feeds, as a spout in the same worker gets the same report', () => {
    // 3 a, 4 b: the spout feeds b
    const topology = edgeTopology(['s>b', 'b>a', 'a>b']);
    assert.deepEqual(new CycleOrder(topology, [3]).heeded([3, 4]), [3, 4]);
    assert.deepEqual(new CycleOrder(topology, [4]).heeded([3, 4]), [4]);
  });

  it('leaves no workers under pressure that wait for each other in a ring', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const edge = fc.tuple(fc.constantFrom('s', ...names), fc.constantFrom(...names));
    fc.assert(
      fc.property(
        fc.array(edge, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (pairs, workerOf, isHigh) => {
          const topology = edgeTopology(['s>a', ...pairs.map((pair) => pair.join('>'))]);
          const graph = new FlowGraph(topology);
          const component = (task: TaskId): string => topology.componentOf(task)!;
          const tasks = [...topology.taskToComponent().keys()].filter((task) => component(task) !== 's');
          const pressured = tasks.filter((task) => isHigh[task % 12]);
          const workers = [0, 1, 2].map((worker) => tasks.filter((task) => workerOf[task % 12] === worker));
          const waitsFor = workers.map((own) => {
            const heeded = new CycleOrder(topology, own).heeded(pressured);
            const isFed = (task: TaskId): boolean =>
              own.some(
                (each) =>
                  graph.directlyAfter(component(each)).has(component(task)) &&
                  graph.areOnOneCycle(component(each), component(task)),
              );
            const on = heeded.filter((task) => !own.includes(task) && isFed(task));
            return new Set(on.map((task) => workers.findIndex((each) => each.includes(task))));
          });
          // No worker waits for one that has no task under pressure.
          const isWaitedFor = (worker: number): boolean =>
            workers[worker]!.some((task) => pressured.includes(task));
          const reaches = (from: number, to: number, seen = new Set<number>()): boolean =>
            [...waitsFor[from]!].some(
              (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
            );
          const cycles = [0, 1, 2].filter((worker) => isWaitedFor(worker) && reaches(worker, worker));
          // Different cycles of the graph are ordered each by itself; one worker may stand on several.
          if (sharesOneCycle(graph, tasks.map(component))) assert.deepEqual(cycles, []);
        },
      ),
    );
  });
});

/** All components that are on a cycle are on the same. */
function sharesOneCycle(graph: FlowGraph, ids: readonly string[]): boolean {
  const cyclic = ids.filter((id) => graph.areOnOneCycle(id, id));
  return cyclic.every((id) => graph.areOnOneCycle(id, cyclic[0]!));
}
