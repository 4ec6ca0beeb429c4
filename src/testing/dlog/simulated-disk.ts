import assert from 'node:assert/strict';
import type { RandomSource } from '../../base/index.ts';
import type { FileSystem, OpenFile, OpenMode } from '../../dlog/storage/file-system.ts';

/** What may go wrong with one call: the error's code, or nothing. */
export type DiskFault = (call: DiskCall, path: string) => 'ENOSPC' | 'EIO' | undefined;
export type DiskCall =
  | 'open'
  | 'link'
  | 'unlink'
  | 'rename'
  | 'write'
  | 'read'
  | 'dataSync'
  | 'syncDirectory';

/**
 * A process that uses the disk. It waits for its turn before and after each call, permanently once it is
 * dead.
 */
export interface DiskUser {
  turn(): Promise<void>;
}

interface FileNode {
  readonly kind: 'file';
  modifiedAtMs: number;
  /** What every process sees. */
  bytes: Buffer;
  /** What a power cut leaves for certain. */
  durable: Buffer;
  /** Writes since the last sync, oldest first. */
  dirty: { readonly offset: number; readonly bytes: Buffer }[];
}

interface DirectoryNode {
  readonly kind: 'directory';
  readonly modifiedAtMs: number;
  entries: Map<string, Node>;
  durable: Map<string, Node>;
  /** Changes since the last sync, oldest first. */
  dirty: (readonly (readonly [name: string, node: Node | undefined])[])[];
}

type Node = FileNode | DirectoryNode;

const sectorBytes = 512;

/**
 * A disk with one page cache for all its processes. A power cut keeps what was synced, and a random part of
 * the rest: a prefix of each directory's changes, and any of the sectors of each write. A sync that fails
 * drops what it should have written, and the cache still shows it.
 */
export class SimulatedDisk {
  fault: DiskFault = () => undefined;
  /** The clock of the file system. */
  nowMs = 0;
  readonly #random: RandomSource;
  #root: DirectoryNode = directory(0);

  constructor(random: RandomSource) {
    this.#random = random;
  }

  fileSystem(user: DiskUser): FileSystem {
    const call = async <T>(kind: DiskCall, path: string, act: () => T): Promise<T> => {
      await user.turn();
      const code = this.fault(kind, path);
      if (code !== undefined) throw systemError(code, path);
      const result = act();
      await user.turn();
      return result;
    };
    return {
      open: (path, mode) =>
        call('open', path, () => new SimulatedFile(this, { user, path, mode, node: this.#open(path, mode) })),
      link: (path, to) => call('link', to, () => this.#link(path, to)),
      unlink: (path) => call('unlink', path, () => this.#unlink(path)),
      rename: (path, to) => call('rename', to, () => this.#rename(path, to)),
      makeDirectory: async (path) => {
        await user.turn();
        this.#makeDirectory(path);
      },
      removeTree: async (path) => {
        await user.turn();
        const { parent, name } = this.#place(path);
        if (parent.entries.has(name)) change(parent, [[name, undefined]]);
      },
      names: async (path) => {
        await user.turn();
        return [...this.#directory(path).entries.keys()];
      },
      syncDirectory: (path) =>
        call('syncDirectory', path, () => {
          const node = this.#directory(path);
          node.durable = new Map(node.entries);
          node.dirty = [];
        }),
      modifiedAtMs: async (path) => {
        await user.turn();
        const node = this.#find(path);
        if (node === undefined) throw systemError('ENOENT', path);
        return node.modifiedAtMs;
      },
      exists: (path) => this.#find(path) !== undefined,
    };
  }

  /** The power goes: what was not synced is what chance makes of it. Every process is to be dead before. */
  cutPower(): void {
    this.#settle(this.#root);
  }

  /** Flips one bit of a file, on the disk and in the cache. */
  flipBit(path: string, bit: number): void {
    const node = this.#find(path);
    assert(node?.kind === 'file');
    for (const bytes of [node.bytes, node.durable])
      if (bit >> 3 < bytes.length) bytes[bit >> 3]! ^= 1 << (bit & 7);
  }

  bytesOf(path: string): Buffer {
    const node = this.#find(path);
    assert(node?.kind === 'file');
    return Buffer.from(node.bytes);
  }

  chance(share: number): boolean {
    return this.#random.next() < share;
  }

  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  #settle(node: Node): void {
    if (node.kind === 'file') {
      let bytes = node.durable;
      for (const write of node.dirty) bytes = this.#torn(bytes, write);
      node.bytes = Buffer.from(bytes);
      node.durable = Buffer.from(bytes);
      node.dirty = [];
      return;
    }
    const kept = new Map(node.durable);
    for (const step of node.dirty.slice(0, this.below(node.dirty.length + 1)))
      for (const [name, child] of step) set(kept, name, child);
    node.entries = kept;
    node.durable = new Map(kept);
    node.dirty = [];
    for (const child of new Set(kept.values())) this.#settle(child);
  }

  #torn(onto: Buffer, write: { readonly offset: number; readonly bytes: Buffer }): Buffer {
    const fate = this.below(4);
    if (fate === 0) return onto;
    let result = onto;
    for (let at = 0; at < write.bytes.length; ) {
      const end = Math.min(write.bytes.length, at + sectorBytes - ((write.offset + at) % sectorBytes));
      const isKept = fate === 1 || (fate === 2 ? this.chance(0.5) : this.chance(0.9));
      if (isKept) result = patched(result, write.offset + at, write.bytes.subarray(at, end));
      at = end;
    }
    return result;
  }

  #open(path: string, mode: OpenMode): FileNode {
    if (mode === 'create') {
      const { parent, name } = this.#place(path);
      if (parent.entries.has(name)) throw systemError('EEXIST', path);
      const empty = { bytes: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: [] };
      const node: FileNode = { kind: 'file', modifiedAtMs: this.nowMs, ...empty };
      change(parent, [[name, node]]);
      return node;
    }
    const node = this.#find(path);
    if (node === undefined) throw systemError('ENOENT', path);
    assert(node.kind === 'file', `${path} is a directory`);
    return node;
  }

  #link(path: string, to: string): void {
    const node = this.#find(path);
    if (node === undefined) throw systemError('ENOENT', path);
    const { parent, name } = this.#place(to);
    if (parent.entries.has(name)) throw systemError('EEXIST', to);
    change(parent, [[name, node]]);
  }

  #unlink(path: string): void {
    const { parent, name } = this.#place(path);
    if (!parent.entries.has(name)) throw systemError('ENOENT', path);
    change(parent, [[name, undefined]]);
  }

  #rename(path: string, to: string): void {
    const from = this.#place(path);
    const target = this.#place(to);
    assert.equal(from.parent, target.parent, 'only renames within a directory are simulated');
    const node = from.parent.entries.get(from.name);
    if (node === undefined) throw systemError('ENOENT', path);
    const there = target.parent.entries.get(target.name);
    if (there?.kind === 'directory' && there.entries.size > 0) throw systemError('ENOTEMPTY', to);
    change(from.parent, [
      [from.name, undefined],
      [target.name, node],
    ]);
  }

  #makeDirectory(path: string): void {
    let node = this.#root;
    for (const name of parts(path)) {
      if (!node.entries.has(name)) change(node, [[name, directory(this.nowMs)]]);
      const child = node.entries.get(name);
      assert(child?.kind === 'directory');
      node = child;
    }
  }

  #directory(path: string): DirectoryNode {
    const node = this.#find(path);
    if (node?.kind !== 'directory') throw systemError('ENOENT', path);
    return node;
  }

  #place(path: string): { readonly parent: DirectoryNode; readonly name: string } {
    const all = parts(path);
    return { parent: this.#directory(all.slice(0, -1).join('/')), name: all.at(-1)! };
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of parts(path)) node = node?.kind === 'directory' ? node.entries.get(name) : undefined;
    return node;
  }
}

class SimulatedFile implements OpenFile {
  readonly #disk: SimulatedDisk;
  readonly #user: DiskUser;
  readonly #path: string;
  readonly #isSynced: boolean;
  readonly #node: FileNode;

  constructor(
    disk: SimulatedDisk,
    file: {
      readonly user: DiskUser;
      readonly path: string;
      readonly mode: OpenMode;
      readonly node: FileNode;
    },
  ) {
    this.#disk = disk;
    this.#user = file.user;
    this.#path = file.path;
    this.#isSynced = file.mode === 'write-synced';
    this.#node = file.node;
  }

  async write(bytes: Buffer, offset: number): Promise<number> {
    const written = await this.#write(bytes, offset);
    if (this.#isSynced) await this.dataSync();
    return written;
  }

  /** Sometimes a part first, so that another process sees half a write; sometimes only a part. */
  async #write(given: Buffer, offset: number): Promise<number> {
    const bytes = Buffer.from(given);
    await this.#user.turn();
    const first = this.#disk.chance(0.3) ? this.#disk.below(bytes.length + 1) : bytes.length;
    this.#put(bytes.subarray(0, first), offset);
    const code = this.#disk.fault('write', this.#path);
    if (code !== undefined) throw systemError(code, this.#path);
    await this.#user.turn();
    if (first > 0 && this.#disk.chance(0.5)) return first;
    this.#put(bytes.subarray(first), offset + first);
    return bytes.length;
  }

  async read(into: Buffer, offset: number): Promise<number> {
    await this.#user.turn();
    const code = this.#disk.fault('read', this.#path);
    if (code !== undefined) throw systemError(code, this.#path);
    return this.#node.bytes.copy(into, 0, Math.min(offset, this.#node.bytes.length));
  }

  async dataSync(): Promise<void> {
    await this.#user.turn();
    const code = this.#disk.fault('dataSync', this.#path);
    const node = this.#node;
    if (code === undefined)
      for (const write of node.dirty) node.durable = patched(node.durable, write.offset, write.bytes);
    node.dirty = [];
    if (code !== undefined) throw systemError(code, this.#path);
    await this.#user.turn();
  }

  async size(): Promise<number> {
    await this.#user.turn();
    return this.#node.bytes.length;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #put(bytes: Buffer, offset: number): void {
    if (bytes.length === 0) return;
    this.#node.bytes = patched(this.#node.bytes, offset, bytes);
    this.#node.dirty.push({ offset, bytes });
    this.#node.modifiedAtMs = this.#disk.nowMs;
  }
}

function directory(modifiedAtMs: number): DirectoryNode {
  return { kind: 'directory', modifiedAtMs, entries: new Map(), durable: new Map(), dirty: [] };
}

function change(node: DirectoryNode, step: readonly (readonly [string, Node | undefined])[]): void {
  for (const [name, child] of step) set(node.entries, name, child);
  node.dirty.push(step);
}

function set(entries: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node === undefined) entries.delete(name);
  else entries.set(name, node);
}

function patched(onto: Buffer, offset: number, bytes: Buffer): Buffer {
  const result = Buffer.alloc(Math.max(onto.length, offset + bytes.length));
  onto.copy(result);
  bytes.copy(result, offset);
  return result;
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${path}`), { code });
}
