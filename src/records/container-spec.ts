import type { PackingPlan, StreamManagerAddress } from '../topology/index.ts';

/**
 * What a container process is started with: one JSON file, written by the scheduler into the container's own
 * directory, read once by `bin/container`. Everything else it learns from the state store and its topology
 * master.
 */
export interface ContainerSpec {
  readonly topologyId: string;
  readonly topologyName: string;
  /** 0: the topology master. */
  readonly containerId: number;
  readonly incarnation: string;
  /** The packing plan at the time of the start; newer ones come from the topology master. */
  readonly plan: PackingPlan;
  /** Directory with stormjar.jar, stormcode.ser, stormconf.ser, resources/, conf.json, topology.json. */
  readonly codeDir: string;
  /** The container's own directory: sockets, pids, host files. Emptied at each start. */
  readonly workDir: string;
  /** `<storm.local.dir>/workers-artifacts/<topology id>/<slot port>`. */
  readonly logDir: string;
  readonly stormLocalDir: string;
  readonly redisUrl: string;
  readonly redisKeyPrefix: string;
  /** `java` and the class path of the JVM host, from the gateway's set-up. */
  readonly jvm: { readonly java: string; readonly classPath: readonly string[] };
  readonly streamManagers?: readonly StreamManagerAddress[];
  /**
   * How its processes are kept together (see the room child), with the container's own part. Absent: by
   * process groups.
   */
  readonly containment?: ContainerContainment;
}

export type ContainerContainment =
  | { readonly kind: 'group' }
  | { readonly kind: 'subreaper'; readonly helper: string }
  | { readonly kind: 'cgroup'; readonly helper: string; readonly directory: string };

/**
 * File `topology.json` in the code directory: the system topology, as containers need it. See
 * LogicalTopology.
 */
export const topologyFileName = 'topology.json';
/** File `conf.json` in the code directory: defaults < storm.yaml < topology conf, merged. */
export const confFileName = 'conf.json';
/** File in a container's directory whose time moves while the container lives, and how often it does. */
export const aliveFileName = 'alive';
export const aliveEveryMs = 1000;
