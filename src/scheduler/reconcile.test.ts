import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type ContainerPhase,
  type ContainerView,
  type Decision,
  type DesiredTopology,
  nameKey,
  reconcile,
} from './reconcile.ts';

const topologyIds = ['a', 'b', 'c'];
const nowMs = 1000;

const desiredArbitrary: fc.Arbitrary<readonly DesiredTopology[]> = fc.uniqueArray(
  fc.record({
    topologyId: fc.constantFrom(...topologyIds),
    containers: fc.uniqueArray(
      fc.record({ containerId: fc.integer({ min: 0, max: 4 }), digest: fc.constantFrom('p', 'q') }),
      { selector: ({ containerId }) => containerId },
    ),
    leaving: fc.uniqueArray(
      fc.record({
        containerId: fc.integer({ min: 0, max: 4 }),
        endAtMs: fc.integer({ min: nowMs - 5, max: nowMs + 5 }),
      }),
      { selector: ({ containerId }) => containerId },
    ),
  }),
  { selector: (topology) => topology.topologyId },
);

const containersArbitrary: fc.Arbitrary<readonly ContainerView[]> = fc.uniqueArray(
  fc.record({
    topologyId: fc.constantFrom(...topologyIds),
    containerId: fc.integer({ min: 0, max: 4 }),
    digest: fc.constantFrom('p', 'q'),
    phase: fc.constantFrom('starting', 'running', 'clearing', 'waiting', 'ending'),
    startAtMs: fc.integer({ min: nowMs - 5, max: nowMs + 5 }),
  }),
  { selector: nameKey },
);

const situationArbitrary = fc.record({
  desired: desiredArbitrary,
  containers: containersArbitrary,
  kept: fc.subarray(topologyIds),
});

/** The containers after a decision is carried out and every process obeys. */
function carryOut(
  containers: readonly ContainerView[],
  desired: readonly DesiredTopology[],
  decision: Decision,
): ContainerView[] {
  const gone = new Set([...decision.ends, ...decision.drops, ...decision.starts].map(nameKey));
  const started = decision.starts.map((name) => ({
    ...name,
    digest: desired
      .find((topology) => topology.topologyId === name.topologyId)!
      .containers.find((container) => container.containerId === name.containerId)!.digest,
    phase: 'running' as const,
    startAtMs: 0,
  }));
  const stays = containers.filter(
    (container) => !gone.has(nameKey(container)) && container.phase !== 'ending',
  );
  const settled = stays.map((container) => ({
    ...container,
    phase: settledPhase(container.phase),
  }));
  return [...settled, ...started];
}

/** The phase that follows when nothing fails and nothing is decided. */
function settledPhase(phase: ContainerPhase): ContainerPhase {
  if (phase === 'starting') return 'running';
  return phase === 'clearing' ? 'waiting' : phase;
}

describe('reconcile', () => {
  it('leaves a container alone while what it left is cleared away, and keeps its topology', () => {
    const clearing = {
      topologyId: 'a',
      containerId: 1,
      digest: 'p',
      phase: 'clearing',
      startAtMs: 0,
    } as const;
    const nothing = { starts: [], ends: [], drops: [], forgets: [], lookAgainAtMs: Number.POSITIVE_INFINITY };
    const wanted = { topologyId: 'a', containers: [{ containerId: 1, digest: 'q' }], leaving: [] };
    for (const desired of [[], [wanted]])
      assert.deepEqual(reconcile({ nowMs, desired, containers: [clearing], kept: ['a'] }), nothing);
  });

  it('never starts a container that has a process, and ends only running ones', () => {
    fc.assert(
      fc.property(situationArbitrary, (situation) => {
        const decision = reconcile({ nowMs, ...situation });
        const phases = new Map(
          situation.containers.map((container) => [nameKey(container), container.phase]),
        );
        for (const name of decision.starts)
          assert.ok([undefined, 'waiting'].includes(phases.get(nameKey(name))));
        for (const name of decision.ends) assert.equal(phases.get(nameKey(name)), 'running');
        for (const name of decision.drops) assert.equal(phases.get(nameKey(name)), 'waiting');
        const all = [...decision.starts, ...decision.ends, ...decision.drops].map(nameKey);
        assert.equal(new Set(all).size, all.length);
      }),
    );
  });

  it('starts a waiting container when its time has come, not before, and says when to look again', () => {
    fc.assert(
      fc.property(situationArbitrary, (situation) => {
        const { starts, ends, lookAgainAtMs } = reconcile({ nowMs, ...situation });
        const startNames = new Set(starts.map(nameKey));
        const early = situation.containers.filter(
          (each) => each.phase === 'waiting' && each.startAtMs > nowMs,
        );
        for (const container of early) assert.ok(!startNames.has(nameKey(container)));
        assert.ok(lookAgainAtMs > nowMs);
        const later = reconcile({ ...situation, nowMs: lookAgainAtMs });
        if (lookAgainAtMs < Number.POSITIVE_INFINITY)
          assert.ok(later.starts.length > starts.length || later.ends.length > ends.length);
      }),
    );
  });

  it('arrives, in at most three rounds, where exactly the desired containers run by their plan', () => {
    fc.assert(
      fc.property(situationArbitrary, ({ desired, containers, kept }) => {
        let world = containers;
        for (let round = 0; round < 3; round++) {
          world = carryOut(
            world,
            desired,
            reconcile({ nowMs: nowMs + 10, desired, containers: world, kept }),
          );
        }
        const wanted = desired.flatMap(({ topologyId, containers: ofPlan }) =>
          ofPlan.map(({ containerId, digest }) => `${nameKey({ topologyId, containerId })} ${digest}`),
        );
        const running = world.map((container) => `${nameKey(container)} ${container.digest}`);
        assert.deepEqual(running.sort(), wanted.sort());
        const last = reconcile({ nowMs: nowMs + 10, desired, containers: world, kept });
        assert.deepEqual([last.starts, last.ends, last.drops], [[], [], []]);
        const desiredIds = desired.map((topology) => topology.topologyId);
        assert.deepEqual(
          last.forgets,
          kept.filter((id) => !desiredIds.includes(id)),
        );
      }),
    );
  });

  it('lets a container that left its plan run until its time, no longer, and never starts it again', () => {
    fc.assert(
      fc.property(situationArbitrary, (situation) => {
        const { ends, starts, lookAgainAtMs } = reconcile({ nowMs, ...situation });
        const [ended, started] = [ends.map(nameKey), starts.map(nameKey)];
        for (const { topologyId, containers, leaving } of situation.desired) {
          const left = leaving.filter(
            ({ containerId }) => !containers.some((c) => c.containerId === containerId),
          );
          for (const { containerId, endAtMs } of left) {
            const key = nameKey({ topologyId, containerId });
            const found = situation.containers.find((container) => nameKey(container) === key);
            assert.ok(!started.includes(key));
            if (found?.phase !== 'running') continue;
            assert.equal(ended.includes(key), endAtMs <= nowMs);
            if (endAtMs > nowMs) assert.ok(lookAgainAtMs <= endAtMs);
          }
        }
      }),
    );
  });

  it('forgets a topology only when it is no longer desired and none of its processes is left', () => {
    fc.assert(
      fc.property(situationArbitrary, (situation) => {
        for (const topologyId of reconcile({ nowMs, ...situation }).forgets) {
          assert.ok(!situation.desired.some((topology) => topology.topologyId === topologyId));
          const left = situation.containers.filter((container) => container.topologyId === topologyId);
          assert.ok(left.every((container) => container.phase === 'waiting'));
        }
      }),
    );
  });
});
