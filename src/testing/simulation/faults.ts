import { strict as assert } from 'node:assert';
import type { Cluster, SimulatedMaster } from './cluster.ts';
import type { SimulatedContainer } from './container.ts';
import type { Fault } from './scenario.ts';

type Strike = (cluster: Cluster, fault: Fault) => void;

/**
 * By the name that stands in a scenario. Places are container ids (0: the topology master) or, for hosts, a
 * task id; `for` is how long it lasts in ms.
 */
export const faultKinds: Readonly<Record<string, Strike>> = {
  /**
   * kill -9 of a container; another is started after `for`. silent=1: its machine is gone, and no peer is
   * notified.
   */
  'crash-container': (cluster, { places, options }) => {
    const container = cluster.containers.get(places[0]!)!;
    if (!container.process.isAlive) return;
    cluster.killContainer(container, options['silent'] === 1 ? 'silent' : 'closed');
    later(cluster, options['for'], () => cluster.startContainer(container.containerId));
  },
  /** SIGSTOP and SIGCONT of a container with its children. */
  'stop-container': (cluster, { places, options }) => {
    const container = cluster.containers.get(places[0]!)!;
    stopContainer(container);
    later(cluster, options['for'], () => resumeContainer(container));
  },
  /** A container is stopped, taken for dead and replaced after `after`, and resumes after `for`. */
  zombie: (cluster, { places, options }) => {
    const container = cluster.containers.get(places[0]!)!;
    if (!container.process.isAlive) return;
    stopContainer(container);
    later(cluster, options['after'], () => {
      if (cluster.containers.get(container.containerId) !== container || !container.process.isAlive) return;
      cluster.zombies.add(container);
      cluster.startContainer(container.containerId);
    });
    later(cluster, options['for'], () => resumeContainer(container));
  },
  /** The process of a task dies; another is started after `for`, or soon. */
  'crash-host': (cluster, { places, options }) => hostOf(cluster, places[0]!)?.crash(options['for']),
  /** SIGSTOP and SIGCONT of the process of a task. */
  'stop-host': (cluster, { places, options }) => {
    const found = hostOf(cluster, places[0]!);
    found?.process?.stop();
    later(cluster, options['for'], () => found?.process?.resume());
  },
  /** kill -9 of the topology master; another is started after `for`. */
  'crash-master': (cluster, { options }) => {
    const master = cluster.master!;
    if (!master.process.isAlive) return;
    cluster.killMaster(master);
    later(cluster, options['for'], () => {
      if (cluster.master === master) cluster.startMaster();
    });
  },
  /** The topology master is stopped, taken for dead and replaced after `after`, and resumes after `for`. */
  'zombie-master': (cluster, { options }) => {
    const master = cluster.master!;
    if (!master.process.isAlive) return;
    master.process.stop();
    later(cluster, options['after'], () => replaceMaster(cluster, master));
    later(cluster, options['for'], () => master.process.resume());
  },
  /** Nothing passes between two places, in both directions; nothing is lost for it alone. */
  cut: (cluster, { places, options }) => {
    const [one, other] = [cluster.processOf(places[0]!), cluster.processOf(places[1]!)];
    cluster.links.cut(one, other);
    later(cluster, options['for'], () => cluster.links.heal(one, other));
  },
  /** A place does not reach the state store. */
  'cut-store': (cluster, { places, options }) => {
    const { name } = cluster.processOf(places[0]!);
    cluster.observer.isStoreSwift = false;
    cluster.storeTroubles.cutOff.add(name);
    later(cluster, options['for'], () => cluster.storeTroubles.cutOff.delete(name));
  },
  /** Every connection between two places is reset. half=1: only one end of each is notified. */
  reset: (cluster, { places, options }) => {
    const [one, other] = [cluster.processOf(places[0]!), cluster.processOf(places[1]!)];
    cluster.links.reset(one, other, options['half'] === 1 ? 'half' : 'both');
  },
  /** A link carries only `bytes` in a ms. */
  slow: (cluster, { places, options }) => {
    const link = cluster.links.between(cluster.processOf(places[0]!), cluster.processOf(places[1]!));
    link.bytesPerMs = options['bytes'] ?? 1;
    later(cluster, options['for'], () => {
      link.bytesPerMs = link.bytesPerMsWhole;
    });
  },
  'store-away': (cluster, { options }) => {
    cluster.observer.isStoreSwift = false;
    cluster.server.setAway(true);
    later(cluster, options['for'], () => cluster.server.setAway(false));
  },
  'store-slow': (cluster, { options }) => {
    cluster.observer.isStoreSwift = false;
    cluster.storeTroubles.slowMs = options['ms'] ?? 100;
    later(cluster, options['for'], () => {
      cluster.storeTroubles.slowMs = 0;
    });
  },
  /**
   * The store comes back with nothing but the topology, on a machine whose clock is `behind` by so many ms;
   * the scheduler writes down again what it runs after `for`.
   */
  'store-emptied': (cluster, { options }) => {
    cluster.observer.isStoreSound = false;
    cluster.storeTroubles.behindMs = options['behind'] ?? 0;
    const empty = async (): Promise<void> => {
      await cluster.server.removeAll('');
      await cluster.recordTopology();
    };
    void empty().catch(() => undefined);
    later(cluster, options['for'], () => cluster.recordAll());
  },
  /**
   * The store goes back to what it held `by` ms ago; the scheduler writes down again what it runs after
   * `for`.
   */
  'store-back': (cluster, { options }) => {
    const goBack = cluster.server.snapshot();
    later(cluster, options['by'], () => {
      cluster.observer.isStoreSound = false;
      goBack();
    });
    later(cluster, (options['by'] ?? 0) + (options['for'] ?? 0), () => cluster.recordAll());
  },
  deactivate: (cluster, { options }) => {
    cluster.setStatus('INACTIVE');
    later(cluster, options['for'], () => cluster.setStatus('ACTIVE'));
  },
  /** The scheduler moves a task to a container. */
  repack: (cluster, { places }) => cluster.moveTask(places[0]!, places[1]!),
  /** A plan that was overtaken `by` epochs ago arrives at a container after all. */
  'late-plan': (cluster, { places, options }) => {
    const container = cluster.containers.get(places[0]!)!;
    container.process.after(0, () => {
      const physical = container.manager?.physical;
      if (physical === undefined) return;
      container.manager?.applyPhysical({
        ...physical,
        epoch: physical.epoch - (options['by'] ?? 1),
        streamManagers: [],
      });
    });
  },
};

/** Lets every fault of the scenario happen at its time. */
export function planFaults(cluster: Cluster, faults: readonly Fault[]): void {
  for (const fault of faults) {
    const strike = faultKinds[fault.kind];
    assert(strike !== undefined, `${fault.kind} is no fault`);
    cluster.world.after(fault.atMs, () => {
      cluster.observer.note(
        `fault: ${fault.kind} ${fault.places.join(' ')} ${JSON.stringify(fault.options)}`,
      );
      cluster.observer.count(fault.kind);
      strike(cluster, fault);
    });
  }
}

function later(cluster: Cluster, ms: number | undefined, then: () => void): void {
  cluster.world.after(ms ?? 0, then, { isPromised: true });
}

function replaceMaster(cluster: Cluster, master: SimulatedMaster): void {
  if (cluster.master !== master || !master.process.isAlive) return;
  cluster.oldMasters.add(master);
  cluster.startMaster();
}

function stopContainer(container: SimulatedContainer): void {
  container.process.stop();
  for (const host of container.children) host.process.stop();
}

function resumeContainer(container: SimulatedContainer): void {
  container.process.resume();
  for (const host of container.children) host.process.resume();
}

function hostOf(
  cluster: Cluster,
  task: number,
):
  | {
      readonly process: SimulatedContainer['process'] | undefined;
      readonly crash: (forMs: number | undefined) => void;
    }
  | undefined {
  for (const container of cluster.containers.values()) {
    const host = container.simulatedHosts.find((each) => each.tasks.includes(task));
    if (host === undefined || !container.process.isAlive) continue;
    return { process: host.process, crash: (forMs) => container.crashHost(host.name, forMs) };
  }
  return undefined;
}
