import type {
  ComponentId,
  ExecutorId,
  LatencyCountsByWindow,
  PackingPlan,
  StreamManagerAddress,
  TaskId,
  TopologyStatus,
} from '../topology/index.ts';

/**
 * The records of the control plane as they are kept (as JSON) in the state store, and their keys.
 * Types only: who writes which is said on each. Reading and writing is coordination's; what was read is checked by
 * record-readers.ts.
 */
export const keys = {
  /** -> MarkerRecord */
  marker: 'marker',
  /** -> TopologyRecord */
  topology: (topologyId: string) => `topologies/${topologyId}`,
  topologies: 'topologies/',
  /** -> topology id; creating it claims the name. */
  name: (name: string) => `names/${name}`,
  /** -> AssignmentRecord */
  assignment: (topologyId: string) => `assignments/${topologyId}`,
  /** -> MasterRecord, held as a lease by container 0 */
  master: (topologyId: string) => `masters/${topologyId}`,
  /** -> SupervisorRecord: one for each node that offers slots. */
  supervisor: (nodeId: string) => `supervisors/${nodeId}`,
  supervisors: 'supervisors/',
  /** -> PhysicalPlan, by the topology master, for those who only look. */
  physicalPlan: (topologyId: string) => `plans/${topologyId}`,
  /** -> ContainerRecord */
  container: (topologyId: string, containerId: number) => `containers/${topologyId}/${containerId}`,
  containers: (topologyId: string) => `containers/${topologyId}/`,
  /** -> HeartbeatRecord, expires */
  heartbeat: (topologyId: string, containerId: number) => `heartbeats/${topologyId}/${containerId}`,
  heartbeats: (topologyId: string) => `heartbeats/${topologyId}/`,
  /** -> capped list of ErrorRecord, newest last */
  errors: (topologyId: string, componentId: string) => `errors/${topologyId}/${componentId}`,
  errorsOf: (topologyId: string) => `errors/${topologyId}/`,
} as const;

/** Storm keeps the last 10 errors of a component (StormClusterStateImpl 2.8). */
export const errorsKeptMax = 10;

/**
 * There while the store holds what was written to it. Written by the scheduler, last of all when it fills an emptied
 * store again: while it is missing, a missing record says nothing.
 */
export interface MarkerRecord {
  readonly id: string;
  readonly madeAtMs: number;
}

/** Written by nimbus; watched by the topology master and the scheduler. */
export interface TopologyRecord {
  readonly id: string;
  readonly name: string;
  readonly status: TopologyStatus;
  readonly owner: string;
  readonly launchedAtSecs: number;
  /** Set with KILLED: containers end and the record goes at this time. */
  readonly removeAtMs?: number;
  readonly workers: number;
  /** Executors of components that a rebalance gave another number; the others have what they were submitted with. */
  readonly executors?: Readonly<Record<ComponentId, number>>;
  /** Set with REBALANCING: what is to be done, and when. */
  readonly rebalance?: PendingRebalance;
  /** How many rebalances are to be placed; the assignment says how many have been. Absent: none. */
  readonly rebalances?: number;
  /** How many times the configuration in the code directory has been changed. Absent: never. */
  readonly codeVersion?: number;
  readonly stormVersion?: string;
  readonly jdkVersion?: string;
}

/** Written by the scheduler in place of a TopologyRecord that it could not restore: the topology is listed, and can be killed. */
export interface UnreadableRecord {
  readonly id: string;
  /** Why, for the user. */
  readonly unreadable: string;
}

/**
 * A rebalance under way. It is all in the record, so that a gateway that takes over goes on with it:
 *
 *   waiting: spouts stand still until `dueAtMs`   -->   placing: the record asks for what was wanted, the scheduler packs
 *   -->   (the assignment has as many rebalances as the record): the status before is restored
 */
export interface PendingRebalance {
  readonly phase: 'waiting' | 'placing';
  readonly statusBefore: 'ACTIVE' | 'INACTIVE';
  readonly dueAtMs: number;
  readonly workers?: number;
  readonly executors?: Readonly<Record<ComponentId, number>>;
  /** JSON of the keys to lay over the topology's configuration, as it was sent. */
  readonly confOverrides?: string;
}

/** Written by the scheduler. `reason` says why containers are missing or fewer than asked, empty otherwise. */
export interface AssignmentRecord {
  readonly plan: PackingPlan;
  readonly reason: string;
  /** Rebalances of the topology that this assignment has taken up. Absent: none. */
  readonly rebalances?: number;
  /** Containers that a newer plan left out; they run until they have handed on what they hold, at most until `endAtMs`. */
  readonly leaving?: readonly LeavingContainer[];
  /** Packing took too long or too much memory: it is tried again when the record changes, and last of all at a start. */
  readonly isGivenUp?: boolean;
}

export interface LeavingContainer {
  readonly containerId: number;
  readonly slotPort: number;
  readonly endAtMs: number;
}

/** Written by the scheduler of a node. */
export interface SupervisorRecord {
  readonly nodeId: string;
  readonly hostname: string;
  readonly slotPorts: readonly number[];
  readonly startedAtMs: number;
}

/** The lease of a topology master. `epoch` is the lease's fencing number. */
export interface MasterRecord {
  readonly host: string;
  readonly port: number;
}

/** Written by the scheduler that started the process. `processStart` is field 22 of /proc/PID/stat: a reused pid differs. */
export interface ContainerRecord {
  readonly pid: number;
  readonly processStart: string;
  readonly incarnation: string;
  readonly startedAtMs: number;
  readonly restarts: number;
  /** How the previous process of this container ended, or empty. */
  readonly lastExit: string;
}

/** Counts by window key ("600", "10800", "86400", ":all-time"), then by stream id. Exact, not sampled. */
export type CountsByWindow = Readonly<Record<string, Readonly<Record<string, number>>>>;
/** As CountsByWindow, the inner key being `componentId \0 streamId` of the source. */
export type InputCountsByWindow = CountsByWindow;

export interface ExecutorStatsRecord {
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly uptimeSecs: number;
  readonly emitted: CountsByWindow;
  readonly transferred: CountsByWindow;
  readonly rate: number;
  readonly specific:
    | {
        readonly kind: 'spout';
        readonly acked: CountsByWindow;
        readonly failed: CountsByWindow;
        readonly completeMsAvg: CountsByWindow;
      }
    | {
        readonly kind: 'bolt';
        readonly acked: InputCountsByWindow;
        readonly failed: InputCountsByWindow;
        readonly processMsAvg: InputCountsByWindow;
        readonly executed: InputCountsByWindow;
        readonly executeMsAvg: InputCountsByWindow;
      };
  /** Complete latencies of a spout, process latencies of a bolt, of ten minutes and of all time; Storm has no such thing. */
  readonly latencies?: LatencyCountsByWindow | undefined;
}

/** How often and how long a task was in a state (under pressure, held back), since its container started. */
export interface TaskDurationRecord {
  readonly taskId: TaskId;
  readonly componentId: string;
  readonly times: number;
  readonly totalMs: number;
  /** While it is: since when, in milliseconds since the epoch. */
  readonly sinceMs?: number;
}

/** One queue of a container: `link 2` to container 2, `slot jvm` before a host has started, `jvm`, `shell-7`. */
export interface QueueRecord {
  readonly name: string;
  readonly bytes: number;
  readonly tuples: number;
}

/** How tuples flow through a container: where they wait, who is the cause, and who waits for it. */
export interface FlowRecord {
  /** Tasks of this container that are or have been under pressure. */
  readonly pressured: readonly TaskDurationRecord[];
  /** Spouts of this container that are or have been held back for a task under pressure, here or elsewhere. */
  readonly heldSpouts: readonly TaskDurationRecord[];
  readonly queues: readonly QueueRecord[];
  /** Tuples given up, by reason; the trees of those that were anchored have been failed. */
  readonly droppedTuples: Readonly<Record<string, number>>;
}

/** Written by the metrics manager of a container every few seconds. */
export interface HeartbeatRecord {
  readonly containerId: number;
  readonly timeMs: number;
  readonly uptimeSecs: number;
  readonly executors: readonly ExecutorStatsRecord[];
  /** By component: how often a host with tasks of it has been started again since the container's process began. */
  readonly restarts?: Readonly<Record<string, number>>;
  readonly flow?: FlowRecord;
}

/** Written by the metrics manager (faults of components) and by the scheduler (faults of containers). */
export interface ErrorRecord {
  readonly error: string;
  readonly timeSecs: number;
  readonly host: string;
  readonly port: number;
}

/**
 * What a container process is started with: one JSON file, written by the scheduler into the container's own
 * directory, read once by `bin/container`. Everything else it learns from the state store and its topology master.
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
  /** How its processes are kept together (see the room child), with the container's own part. Absent: by process groups. */
  readonly containment?: ContainerContainment;
}

export type ContainerContainment =
  | { readonly kind: 'group' }
  | { readonly kind: 'subreaper'; readonly helper: string }
  | { readonly kind: 'cgroup'; readonly helper: string; readonly directory: string };

/** File `topology.json` in the code directory: the system topology, as containers need it. See LogicalTopology. */
export const topologyFileName = 'topology.json';
/** File `conf.json` in the code directory: defaults < storm.yaml < topology conf, merged. */
export const confFileName = 'conf.json';
/** File in a container's directory whose time moves while the container lives, and how often it does. */
export const aliveFileName = 'alive';
export const aliveEveryMs = 1000;
