import { execFile } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { StorageSettings } from '../../src/dlog/index.ts';
import { KafkaBroker } from '../../src/testing/kafka-broker.ts';
import { fill, makeRoom, mountSmallDisk, unmountSmallDisk } from '../small-disk.ts';
import { root } from '../target.ts';
import type { DlogChaosOptions } from './options.ts';
import { OwnerProcess } from './owner-process.ts';
import { Redis } from './redis.ts';
import type { PlannedDlogFault } from './schedule.ts';

const execute = promisify(execFile);
const diskMebibytes = 384;

/** The processes and files of a run: a Redis, a disk, and two owners over them. */
export class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), 'egret-dlog-chaos-'));
  readonly disk = join(this.directory, 'disk');
  readonly logDir = join(this.directory, 'logs');
  readonly redis = new Redis(this.directory);
  owners: readonly OwnerProcess[] = [];
  /** Why the disk cannot be filled; undefined when it can. */
  readonly noDisk: string | undefined;
  readonly #busy = new Set<string>();
  readonly #trouble: (what: string) => void;
  #broker: KafkaBroker | undefined;

  constructor(trouble: (what: string) => void) {
    mkdirSync(this.logDir);
    this.noDisk = mountSmallDisk(this.disk, diskMebibytes);
    this.#trouble = trouble;
  }

  async open({
    storage: kind,
    writesHeldMs,
  }: Pick<DlogChaosOptions, 'storage' | 'writesHeldMs'>): Promise<void> {
    await this.redis.start();
    const storage = kind === 'local' ? this.#localStorage() : await this.#kafkaStorage();
    const spec = { redisSocket: this.redis.socket, storage, writesHeldMs };
    const options = { spec, logDir: this.logDir, trouble: this.#trouble };
    this.owners = ['owner-1', 'owner-2'].map((name) => new OwnerProcess(name, options));
    for (const owner of this.owners) owner.open();
  }

  /** Ports that the owners listen on, as far as known. */
  ports(): number[] {
    return this.owners.flatMap(({ port }) => (port === undefined ? [] : [port]));
  }

  /**
   * Does a fault and takes it back. False when another has what it needs, or nothing is there to do it to.
   */
  async inflict(fault: PlannedDlogFault): Promise<boolean> {
    const [what, how] = [fault.kind.split(' ')[0]!, fault.kind.slice(fault.kind.indexOf(' ') + 1)];
    const owner = this.owners[fault.pick % this.owners.length]!;
    const needs = what === 'owner' ? owner.name : what;
    if (this.#busy.has(needs)) return false;
    this.#busy.add(needs);
    try {
      if (what === 'owner') return await this.#toOwner(owner, how, fault);
      if (what === 'redis') return await this.#toRedis(how, fault);
      return await this.#fillDisk(fault.durationMs);
    } finally {
      this.#busy.delete(needs);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.owners.map((owner) => owner.close()));
    await this.redis.kill();
    await this.#broker?.[Symbol.asyncDispose]();
  }

  /** After {@link close}. Answers where what explains a failure lies, if it is to be kept. */
  remove(keeps: boolean): string | undefined {
    const kept = keeps ? mkdtempSync(join(tmpdir(), 'egret-dlog-chaos-failed-')) : undefined;
    if (kept !== undefined) cpSync(this.directory, kept, { recursive: true, filter: isNoSocket });
    if (this.noDisk === undefined) unmountSmallDisk(this.disk);
    rmSync(this.directory, { recursive: true, force: true });
    return kept;
  }

  #localStorage(): StorageSettings {
    return { kind: 'local', directory: join(this.disk, 'dlog') };
  }

  async #kafkaStorage(): Promise<StorageSettings> {
    this.#broker = await KafkaBroker.start();
    const { address: bootstrapServers } = this.#broker;
    return { kind: 'kafka', bootstrapServers, topicPrefix: 'chaos', replicationFactor: 1, isFlushed: true };
  }

  async #toOwner(owner: OwnerProcess, how: string, { durationMs, pick }: PlannedDlogFault): Promise<boolean> {
    const { pid, port } = owner;
    if (pid === undefined || port === undefined) return false;
    switch (how) {
      case 'killed':
        return owner.end('SIGKILL', durationMs);
      case 'restarted':
        return owner.end('SIGTERM', durationMs);
      case 'stopped':
        return stopFor(pid, durationMs);
      default: {
        const script = join(root, 'compat-tests', 'chaos', 'cut_off.py');
        // its standard input and output are pipes, no sockets
        const { stdout } = await execute('python3', [script, String(pid), String(pick >>> 8), '3']);
        return stdout.startsWith('descriptor');
      }
    }
  }

  async #toRedis(how: string, { durationMs, pick }: PlannedDlogFault): Promise<boolean> {
    const { redis } = this;
    if (redis.pid === undefined) return false;
    if (how === 'flushed') return (await redis.flush()) === 'OK';
    if (how === 'stopped') return stopFor(redis.pid, durationMs);
    // the next time back to another time
    if (pick % 2 === 0) redis.remember();
    await redis.kill();
    if (how === 'set back') redis.setBack();
    await sleep(durationMs);
    await redis.start();
    return true;
  }

  async #fillDisk(durationMs: number): Promise<boolean> {
    if (this.noDisk !== undefined || !existsSync(this.disk)) return false;
    fill(this.disk);
    try {
      await sleep(durationMs);
    } finally {
      makeRoom(this.disk);
    }
    return true;
  }
}

async function stopFor(pid: number, durationMs: number): Promise<boolean> {
  process.kill(pid, 'SIGSTOP');
  await sleep(durationMs);
  process.kill(pid, 'SIGCONT');
  return true;
}

function isNoSocket(path: string): boolean {
  return !(lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? true);
}
