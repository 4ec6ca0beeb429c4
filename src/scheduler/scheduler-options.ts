import type { BackoffLimits, Clock, Logger, RandomSource } from '../base/index.ts';
import type { Containment } from '../child/index.ts';
import type { StateStore } from '../coordination/index.ts';
import type { ContainerSpec } from '../records/index.ts';
import type { ArtifactsLimits } from './artifacts.ts';
import type { HealthLimits } from './container-health.ts';
import type { ContainerCommand } from './local-container.ts';
import type { Packer } from './packer.ts';

export interface LocalSchedulerOptions {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Absolute. */
  readonly stormLocalDir: string;
  /** Absolute; one directory for each topology. */
  readonly artifactsDir: string;
  /** When logs of workers are deleted; default: never. */
  readonly artifacts?: ArtifactsLimits & { readonly everyMs: number };
  readonly hostname: string;
  readonly slotPorts: readonly number[];
  /** What starts a container; the path of its spec file is added. */
  readonly containerCommand: ContainerCommand;
  /** Handed on to containers. */
  readonly redisUrl: string;
  readonly redisKeyPrefix: string;
  readonly jvm: ContainerSpec['jvm'];
  /**
   * How containers are kept together with what they start; each gets a part of it. Default: by process
   * groups.
   */
  readonly containment?: Containment;
  /** Pauses before a dead container is started again. */
  readonly restartLimits?: BackoffLimits;
  readonly leaseTtlMs?: number;
  /** When a container that runs counts as stuck; default: never. */
  readonly healthLimits?: HealthLimits;
  /** Closed with the scheduler. Default: a thread of its own. */
  readonly packer?: Packer;
}

export const schedulerDefaults = {
  restartLimits: { firstMs: 20, maxMs: 30_000, factor: 3, jitter: 0.2 },
  /** After a minute without a fault the next restart is quick again. */
  soundAfterMs: 60_000,
  leaseTtlMs: 10_000,
  healthLimits: { silentMsMax: Number.POSITIVE_INFINITY, stoppedMsMax: Number.POSITIVE_INFINITY },
};
