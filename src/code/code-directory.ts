import { chmod, copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  describeError,
  diskFullText,
  errorCode,
  GatewayError,
  type Logger,
  parseJsonObject,
  readRegularFile,
} from '../base/index.ts';
import { confFileName, readLogicalTopology, topologyFileName } from '../records/index.ts';
import { decode, StormTopology } from '../rpc/index.ts';
import { codeFileBytesMax, type LogicalTopology } from '../topology/index.ts';
import { type ResourceLimits, unpackResources } from './jar.ts';

/** The contents of a code directory. */
export interface TopologyCode extends TopologySettings {
  /** A finished file of the inbox, which is moved into the directory. */
  readonly jarPath: string;
  /** The normalized topology in Thrift's binary protocol. */
  readonly topologyBytes: Uint8Array;
}

/** The files that follow from the configuration, which a rebalance can change. */
export interface TopologySettings {
  /** The topology's own configuration: JSON as Java reads it. */
  readonly stormConf: string;
  /** The topology's configuration over the gateway's over the defaults: strict JSON. */
  readonly mergedConf: string;
  /** The system topology as a LogicalTopology: strict JSON. */
  readonly systemTopology: string;
}

/** A directory that has all its files but not yet its final name. */
export interface PreparedCode {
  /** Moves the jar from the inbox and renames the directory to `<dir>/<topology id>`. */
  place(): Promise<void>;
  discard(): Promise<void>;
}

const jarName = 'stormjar.jar';
export const codeName = 'stormcode.ser';
export const stormConfName = 'stormconf.ser';
/** Keeps Node from applying the package that `storm.local.dir` may lie in to the scripts below. */
const packageName = 'package.json';
const unfinished = '.unfinished-';
/** A configuration may hold a password. */
const ownerOnly = { mode: 0o600 };
const ownerOnlyDir = { recursive: true, mode: 0o700 };
/** gzip adds less than a thousandth to bytes that it cannot compress. */
const zippedBytesMax = codeFileBytesMax + codeFileBytesMax / 256;
const zip = promisify(gzip);
const unzip = promisify(gunzip);

/**
 * The directories that containers run from, `<storm.local.dir>/supervisor/stormdist/<topology id>`, with the
 * files of Storm's supervisor under Storm's names (the topology as gzip of Thrift, its configuration as gzip
 * of JSON) and ours beside them. A directory appears with all its files or not at all, and only the gateway's
 * user may read it. The parent directory is re-created if it was deleted.
 */
export class CodeDirectories {
  readonly #dir: string;
  readonly #limits: ResourceLimits;
  readonly #log: Logger;

  private constructor(dir: string, limits: ResourceLimits, log: Logger) {
    this.#dir = dir;
    this.#limits = limits;
    this.#log = log;
  }

  /** Creates the parent directory and removes the unfinished directories of an earlier gateway. */
  static async open(dir: string, limits: ResourceLimits, log: Logger): Promise<CodeDirectories> {
    await mkdir(dir, ownerOnlyDir);
    for (const name of await readdir(dir)) {
      if (name.startsWith(unfinished)) await rm(join(dir, name), { recursive: true, force: true });
      // An earlier release let other users read it. A directory whose mode cannot be changed must not prevent
      // the start.
      else
        await chmod(join(dir, name), ownerOnlyDir.mode).catch((error: unknown) =>
          log.warn({ event: 'code.not-private', topologyId: name, reason: describeError(error) }),
        );
    }
    return new CodeDirectories(dir, limits, log);
  }

  pathOf(topologyId: string): string {
    return join(this.#dir, topologyId);
  }

  async ids(): Promise<string[]> {
    const names = (await ifThere(readdir(this.#dir))) ?? [];
    return names.filter((name) => !name.startsWith('.'));
  }

  /**
   * Writes all files into a directory with a temporary name. Throws `JAR_INVALID`, or `UPLOAD_FAILED` when
   * the disk is full; nothing is left behind then.
   */
  async prepare(
    topologyId: string,
    code: TopologyCode,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PreparedCode> {
    const dir = join(this.#dir, unfinished + topologyId);
    const discard = (): Promise<void> => rm(dir, { recursive: true, force: true });
    try {
      await mkdir(dir, ownerOnlyDir);
      const resources = await unpackResources(code.jarPath, dir, {
        ...this.#limits,
        ...options,
        jarName: code.jarPath,
      });
      await writeFile(join(dir, codeName), await zip(code.topologyBytes), ownerOnly);
      await writeFile(join(dir, stormConfName), await zip(code.stormConf), ownerOnly);
      await writeFile(join(dir, confFileName), code.mergedConf, ownerOnly);
      await writeFile(join(dir, topologyFileName), code.systemTopology, ownerOnly);
      await writeFile(join(dir, packageName), '{}\n', ownerOnly);
      this.#log.debug({ event: 'code.prepared', topologyId, ...resources });
    } catch (error) {
      await discard();
      throw diskFault(topologyId, this.#dir, error);
    }
    const place = async (): Promise<void> => {
      try {
        await move(code.jarPath, join(dir, jarName));
        await rename(dir, this.pathOf(topologyId));
      } catch (error) {
        await discard();
        throw diskFault(topologyId, this.#dir, error);
      }
    };
    return { place, discard };
  }

  /**
   * The topology as it was submitted. All readers resolve with undefined if there is no such file and throw
   * `CONFIG_UNREADABLE`, naming a damaged one.
   */
  async readTopology(topologyId: string): Promise<StormTopology | undefined> {
    const bytes = await this.#readZipped(topologyId, codeName);
    return bytes === undefined
      ? undefined
      : this.#naming(topologyId, codeName, () => decode(StormTopology, bytes));
  }

  async readStormConf(topologyId: string): Promise<string | undefined> {
    return (await this.#readZipped(topologyId, stormConfName))?.toString('utf8');
  }

  async readSystemTopology(topologyId: string): Promise<LogicalTopology | undefined> {
    const bytes = await this.#readFile(topologyId, topologyFileName);
    if (bytes === undefined) return undefined;
    const file = join(this.pathOf(topologyId), topologyFileName);
    const reading = readLogicalTopology(parseJsonObject(file, bytes));
    if (reading.kind === 'read') return reading.record;
    throw new GatewayError('CONFIG_UNREADABLE', `${file} is not a topology: ${reading.reason}`, {
      facts: { file },
    });
  }

  /** The text of `conf.json`: the topology's configuration over the gateway's over the defaults. */
  async readMergedConf(topologyId: string): Promise<string | undefined> {
    return (await this.#readFile(topologyId, confFileName))?.toString('utf8');
  }

  /**
   * Replaces the files that follow from the configuration, one by one. Throws `UPLOAD_FAILED` when the disk
   * is full.
   */
  async rewrite(topologyId: string, settings: TopologySettings): Promise<void> {
    const dir = this.pathOf(topologyId);
    try {
      for (const [name, content] of [
        [stormConfName, await zip(settings.stormConf)],
        [confFileName, settings.mergedConf],
        [topologyFileName, settings.systemTopology],
      ] as const) {
        await writeFile(join(dir, `${name}.new`), content, ownerOnly);
        await rename(join(dir, `${name}.new`), join(dir, name));
      }
    } catch (error) {
      throw diskFault(topologyId, this.#dir, error);
    }
  }

  async remove(topologyId: string): Promise<void> {
    await rm(this.pathOf(topologyId), { recursive: true, force: true });
  }

  async #readZipped(topologyId: string, name: string): Promise<Buffer | undefined> {
    const zipped = await this.#readFile(topologyId, name, zippedBytesMax);
    return zipped === undefined
      ? undefined
      : this.#naming(topologyId, name, () => unzip(zipped, { maxOutputLength: codeFileBytesMax }));
  }

  #readFile(
    topologyId: string,
    name: string,
    bytesMax: number = codeFileBytesMax,
  ): Promise<Buffer | undefined> {
    const file = join(this.pathOf(topologyId), name);
    return this.#naming(topologyId, name, () => ifThere(readRegularFile(file, bytesMax)));
  }

  async #naming<T>(topologyId: string, name: string, read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      if (errorCode(cause) === 'FILE_UNFIT') throw cause;
      const file = join(this.pathOf(topologyId), name);
      throw new GatewayError('CONFIG_UNREADABLE', `cannot read ${file}`, { cause, facts: { file } });
    }
  }
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function move(source: string, target: string): Promise<void> {
  try {
    await rename(source, target);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    await copyFile(source, target);
    await rm(source, { force: true });
  }
}

function diskFault(topologyId: string, dir: string, error: unknown): unknown {
  if (error instanceof GatewayError) return error;
  const code = errorCode(error);
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? diskFullText(dir) : 'cannot write a file';
  return new GatewayError('UPLOAD_FAILED', `cannot keep the code of topology ${topologyId}: ${reason}`, {
    cause: error,
  });
}
