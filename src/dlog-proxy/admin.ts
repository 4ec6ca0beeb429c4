import { type Clock, describeError, type Logger } from '../base/index.ts';
import {
  type CheckResult,
  checkStreamName,
  type DistributedLog,
  deserializeDlsn,
  type Finding,
  type RepairChoice,
  type StreamSettings,
} from '../dlog/index.ts';
import type {
  CheckResponse,
  OwnersResponse,
  RebuildResponse,
  RepairResponse,
  Finding as ThriftFinding,
  RepairChoice as ThriftRepairChoice,
  StreamSettings as ThriftStreamSettings,
} from '../rpc/index.ts';
import { header, type Refused, refused, type WriteOutcome, writtenBy } from './outcome.ts';

export interface AdminDeps {
  readonly log: DistributedLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly address: () => string;
  /** Releases a stream, and drops all cached content of it. */
  readonly letGo: (stream: string) => Promise<void>;
  /** Drops the cached records that were truncated. */
  readonly cutOff: (stream: string) => Promise<void>;
  /** Aborted when the proxy stops. */
  readonly stopping: AbortSignal;
}

/**
 * The calls that act on whole streams. They reject as the log does; {@link DlogProxy} turns the errors into
 * status codes.
 */
export class ProxyAdmin {
  readonly #deps: AdminDeps;
  #retaining: Promise<void> | undefined;

  constructor(deps: AdminDeps) {
    this.#deps = deps;
  }

  async create(stream: string, settings: ThriftStreamSettings = {}): Promise<WriteOutcome | undefined> {
    checkStreamName(stream);
    const kept = settingsOf(settings);
    const made = await this.#deps.log.createStream(
      stream,
      Object.keys(kept).length === 0 ? null : { ...kept },
    );
    return made === 'exists' ? refused('LOG_EXISTS', `${stream} is there already`) : undefined;
  }

  /** Releases the stream. If another gateway owns it, the answer names that one. */
  async release(stream: string): Promise<Refused | undefined> {
    const { log, address, letGo } = this.#deps;
    checkStreamName(stream);
    await log.settings(stream);
    const owner = await log.owner(stream);
    if (owner !== undefined && owner !== address()) return writtenBy(stream, owner);
    await letGo(stream);
    return undefined;
  }

  async owners(namespace: string): Promise<OwnersResponse> {
    const owners = await this.#deps.log.owners(namespace);
    return {
      header: header(),
      owners: owners.map(({ stream, address, remainingMs }) => ({
        ...{ stream, owner: address },
        leaseLeftMs: BigInt(remainingMs),
      })),
    };
  }

  async check(stream: string, fromLssn: number): Promise<CheckResponse> {
    checkStreamName(stream);
    return checkResponse(await this.#deps.log.check(stream, fromLssn));
  }

  async repair(stream: string, choice: ThriftRepairChoice): Promise<RepairResponse> {
    const { log, address, letGo } = this.#deps;
    checkStreamName(stream);
    const wanted = choiceOf(choice);
    await letGo(stream);
    const result = await log.repair(stream, wanted, address());
    // Readers must not see anything that was dropped.
    await letGo(stream);
    if (result.kind === 'owned') return { header: header(writtenBy(stream, result.address)) };
    const { done, left, aside } = result;
    return { header: header(), done, left: left.map(findingOf), aside };
  }

  async rebuild(stream: string): Promise<RebuildResponse> {
    checkStreamName(stream);
    return { header: header(), changes: BigInt(await this.#deps.log.rebuild(stream)) };
  }

  /** Applies the retention settings to all streams that no other proxy writes. One round at a time. */
  retain(): Promise<void> {
    this.#retaining ??= this.#retain().finally(() => {
      this.#retaining = undefined;
    });
    return this.#retaining;
  }

  async #retain(): Promise<void> {
    const { log, stopping } = this.#deps;
    for (const namespace of await log.namespaces()) {
      for (const stream of await log.streams(namespace)) {
        if (stopping.aborted) return;
        await this.#retainOne(stream);
      }
    }
  }

  async #retainOne(stream: string): Promise<void> {
    const { log, logger, address, cutOff } = this.#deps;
    try {
      const owner = await log.owner(stream);
      if (owner !== undefined && owner !== address()) return;
      const begin = await log.retainAsSet(stream);
      if (begin === undefined) return;
      await cutOff(stream);
      logger.info({ event: 'dlog-proxy.retained', stream, ...begin });
    } catch (error) {
      logger.warn({ event: 'dlog-proxy.retention-failed', stream, error: describeError(error) });
    }
  }
}

export function settingsForThrift(settings: StreamSettings): ThriftStreamSettings {
  const { durability, compression, ...numbers } = settings;
  const asLong = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
  return {
    ...{ durability, compression },
    segmentBytes: asLong(numbers.segmentBytes),
    segmentAgeMs: asLong(numbers.segmentAgeMs),
    retentionMs: asLong(numbers.retentionMs),
    retentionBytes: asLong(numbers.retentionBytes),
  };
}

function settingsOf(settings: ThriftStreamSettings): Record<string, string | number> {
  const kept: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(settings) as [string, string | bigint | undefined][])
    if (value !== undefined) kept[key] = typeof value === 'bigint' ? Number(value) : value;
  return kept;
}

function choiceOf({ dropAfter, dropBefore }: ThriftRepairChoice): RepairChoice {
  return {
    ...(dropAfter === undefined ? {} : { dropAfter: deserializeDlsn(dropAfter) }),
    ...(dropBefore === undefined ? {} : { dropBefore: deserializeDlsn(dropBefore) }),
  };
}

function checkResponse({ findings, counts, nextLssn }: CheckResult): CheckResponse {
  return {
    header: header(),
    findings: findings.map(findingOf),
    segments: BigInt(counts.segments),
    entries: BigInt(counts.entries),
    records: BigInt(counts.records),
    bytes: BigInt(counts.bytes),
    nextLssn: nextLssn === undefined ? undefined : BigInt(nextLssn),
  };
}

const kinds = { damage: 'DAMAGE', repairable: 'REPAIRABLE', note: 'NOTE' } as const;

function findingOf({ kind, file, place, meaning }: Finding): ThriftFinding {
  return { kind: kinds[kind], file, place, meaning };
}
