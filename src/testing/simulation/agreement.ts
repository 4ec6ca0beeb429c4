import { strict as assert } from 'node:assert';
import type { Cluster } from './cluster.ts';
import type { SimulatedContainer } from './container.ts';

const everyMs = 250;
/** Every process that can receive reports of a state knows it once it has lasted this long. */
const knownMs = 1000;

/** Looks from time to time whether containers that can talk to each other know of each other's pressure. */
export function watchAgreement(cluster: Cluster): void {
  // Where tuples are dropped, no task is notified of pressure.
  if (cluster.shape.scenario.setup.drop === 1) return;
  const look = (): void => {
    cluster.world.after(everyMs, look);
    for (const one of cluster.containers.values()) {
      for (const other of cluster.containers.values()) if (one !== other) checkPressure(cluster, one, other);
    }
  };
  cluster.world.after(everyMs, look);
}

function checkPressure(cluster: Cluster, speaker: SimulatedContainer, hearer: SimulatedContainer): void {
  const high = speaker.simulatedHosts.flatMap((host) => host.highFor(knownMs));
  if (high.length === 0 || !canHear(cluster, speaker, hearer)) return;
  const { observer } = cluster;
  observer.count('pressureCompared');
  for (const host of hearer.simulatedHosts) {
    if (!host.process.isAlive) continue;
    const unheard = high.filter((task) => !host.heard.includes(task));
    assert.deepEqual(
      unheard,
      [],
      `${host.process.name} does not know of the pressure in ${speaker.process.name}`,
    );
  }
}

/**
 * Both have been running, the hearer knows this life of the speaker, and a connection of the speaker to the
 * hearer has been open, for long enough.
 */
function canHear(cluster: Cluster, speaker: SimulatedContainer, hearer: SimulatedContainer): boolean {
  const { links } = cluster;
  const link = links.between(speaker.process, hearer.process);
  const peer = hearer.manager?.peers.get(speaker.containerId);
  const isWell = !link.isCut && link.bytesPerMs === link.bytesPerMsWhole && peer?.isConnected === true;
  const isNamed = hearer.manager?.physical?.streamManagers.some(
    ({ incarnation }) => incarnation === speaker.spec.incarnation,
  );
  if (
    !isWell ||
    isNamed !== true ||
    speaker.process.runsForMs < knownMs ||
    hearer.process.runsForMs < knownMs
  )
    return false;
  const ends = [...links.endsOf(speaker.process)];
  return ends.some((end) => end.other.process === hearer.process && end.dialledForMs > knownMs);
}
