/** A stream's fields, or its fields and whether the producer names the task for each tuple. */
export type StreamDeclaration =
  | readonly string[]
  | { readonly fields: readonly string[]; readonly direct?: boolean };

export interface ComponentOptions {
  /** A file in the topology's resources; the argument of the command. */
  readonly script: string;
  /** The program that runs it: `node` unless named. One with a relative path is taken from the resources. */
  readonly executionCommand?: string;
  /** The fields of the default stream, or streams by name. Nothing unless named. */
  readonly outputs?: readonly string[] | Readonly<Record<string, StreamDeclaration>>;
  /** Executors, from 1. */
  readonly parallelism?: number;
  /** Laid over the topology's configuration for this component. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** False when `script` is not a file. */
  readonly checkScript?: boolean;
}

export interface SubmitOptions {
  /** `host:port` of Nimbus; `localhost:6627` unless named. */
  readonly nimbus?: string;
  /** The directory with the scripts, which becomes their working directory; `resources` unless named. */
  readonly resources?: string;
  /** The topology's configuration, for instance `{ 'topology.workers': 2 }`. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** False: the topology starts deactivated. */
  readonly active?: boolean;
  /** Puts this package as `egret/` and a `storm.js` beside the scripts. True unless said otherwise. */
  readonly includeRuntime?: boolean;
  /** For connecting and for each call, in milliseconds; 60 000 unless named. */
  readonly timeoutMs?: number;
}

/** Made by `TopologyBuilder.build`, which has checked it. */
export interface Topology {
  readonly components: ReadonlyMap<string, unknown>;
}

/** Takes the subscriptions of one bolt. `stream` is the default one unless named. */
export interface BoltDeclarer {
  /** Any task, evenly. */
  shuffleGrouping(source: string, stream?: string): BoltDeclarer;
  /** A task of the same worker if there is one, else any, evenly. */
  localOrShuffleGrouping(source: string, stream?: string): BoltDeclarer;
  /** Equal values of these fields go to the same task. */
  fieldsGrouping(source: string, fields: readonly string[], stream?: string): BoltDeclarer;
  /** Everything to the task with the lowest id. */
  globalGrouping(source: string, stream?: string): BoltDeclarer;
  /** A copy to every task. */
  allGrouping(source: string, stream?: string): BoltDeclarer;
  /** Any task, at random. */
  noneGrouping(source: string, stream?: string): BoltDeclarer;
  /** The producer names the task of each tuple (emitDirect). */
  directGrouping(source: string, stream?: string): BoltDeclarer;
}

/**
 * Collects the components of a topology, in the words of Storm's TopologyBuilder. Throws TopologyError at
 * once.
 */
export declare class TopologyBuilder {
  /** Declares a spout that runs `executionCommand script` in the topology's resources. */
  setSpout(id: string, options: ComponentOptions): void;
  /** Declares a bolt; chain its inputs to the result. */
  setBolt(id: string, options: ComponentOptions): BoltDeclarer;
  /** The topology. Throws TopologyError when a source, stream or field that a bolt reads is not there. */
  build(): Topology;
  /** Builds the topology and submits it. */
  submit(name: string, options?: SubmitOptions): Promise<void>;
}

/**
 * Submits a topology; resolves when Nimbus has accepted it. Throws TopologyError when something here is wrong
 * (a script that is not there, a conf that is no JSON, a name that Storm does not take) and SubmitError when
 * Nimbus cannot be reached or refuses.
 */
export declare function submit(name: string, topology: Topology, options?: SubmitOptions): Promise<void>;

/** The StormTopology as Thrift's binary protocol writes it. */
export declare function encodeTopology(topology: Topology): Buffer;

/**
 * The topology cannot work; the text names the component, the stream or the field, and what is there instead.
 */
export declare class TopologyError extends Error {}

/** The topology was not submitted; the text says why, in Nimbus's words where Nimbus refused it. */
export declare class SubmitError extends Error {}
