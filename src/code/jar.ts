import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { diskFullText, errorCode, GatewayError, throwIfAborted } from '../base/index.ts';

export interface ResourceLimits {
  readonly bytesMax: number;
  readonly filesMax: number;
}

/** A file of the jar below `resources/`. */
interface Resource {
  readonly entry: Entry;
  /** `resources/...`, checked: relative, no `..`. */
  readonly path: string;
  readonly isExecutable: boolean;
}

type Yauzl = typeof import('yauzl');
type ZipFile = Awaited<ReturnType<Yauzl['openPromise']>>;
type Entry = ZipFile extends { eachEntry(): AsyncIterableIterator<infer E> } ? E : never;

const prefix = 'resources/';
/** Unix file types, in the upper half of a zip entry's external attributes. */
const fileTypeMask = 0o170_000;
const symbolicLink = 0o120_000;
const anyExecute = 0o111;

/**
 * Unpacks `resources/` of a topology jar into `<targetDir>/resources/`, as Storm's supervisor does (2.8), but
 * keeping the executable bits of the jar. A jar without resources creates no directory. Other entries of the
 * jar are ignored. Any zip program may have written the jar.
 *
 * Throws `JAR_INVALID`, naming the jar and the entry: not a zip file, damaged, a path outside the directory,
 * a symbolic link, encrypted, or above the limits. The caller removes what was unpacked until then.
 */
export async function unpackResources(
  jarPath: string,
  targetDir: string,
  options: ResourceLimits & { readonly jarName: string; readonly signal?: AbortSignal },
): Promise<{ readonly files: number; readonly bytes: number }> {
  const yauzl = await import('yauzl');
  const zip = await openZip(yauzl, jarPath, options.jarName);
  try {
    const resources = await listResources(yauzl, zip, options);
    const madeDirs = new Set<string>();
    let bytes = 0;
    for (const resource of resources) {
      throwIfAborted(options.signal);
      await unpack(zip, resource, { targetDir, madeDirs });
      bytes += resource.entry.uncompressedSize;
    }
    return { files: resources.length, bytes };
  } catch (error) {
    throw asJarFault(error, options.jarName, targetDir);
  } finally {
    zip.close();
  }
}

async function openZip(yauzl: Yauzl, jarPath: string, jarName: string): Promise<ZipFile> {
  try {
    return await yauzl.openPromise(jarPath, { autoClose: false, decodeStrings: false });
  } catch (error) {
    throw asJarFault(error, jarName, dirname(jarPath));
  }
}

async function listResources(
  yauzl: Yauzl,
  zip: ZipFile,
  options: ResourceLimits & { readonly jarName: string },
): Promise<Resource[]> {
  const found: Resource[] = [];
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    const raw = entry.fileName as unknown as Buffer;
    const name = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, false);
    if (!name.startsWith(prefix) || name.endsWith('/')) continue;
    const fault = entryFault(yauzl, entry, name);
    if (fault !== undefined) throw jarInvalid(options.jarName, `entry ${name} ${fault}`);
    const mode = entry.externalFileAttributes >>> 16;
    found.push({ entry, path: name, isExecutable: (mode & anyExecute) !== 0 });
    bytes += entry.uncompressedSize;
    if (bytes > options.bytesMax) {
      throw jarInvalid(
        options.jarName,
        `its resources unpack to more than ${options.bytesMax} bytes (egret.resources.max.bytes)`,
      );
    }
    if (found.length > options.filesMax) {
      throw jarInvalid(
        options.jarName,
        `it has more than ${options.filesMax} resources (egret.resources.max.files)`,
      );
    }
  }
  return found;
}

function entryFault(yauzl: Yauzl, entry: Entry, name: string): string | undefined {
  if (((entry.externalFileAttributes >>> 16) & fileTypeMask) === symbolicLink) return 'is a symbolic link';
  if (entry.isEncrypted()) return 'is encrypted';
  if (!entry.canDecodeFileData()) return `uses the unknown compression method ${entry.compressionMethod}`;
  const fault = yauzl.validateFileName(name);
  return fault === null ? undefined : `leads out of the jar (${fault})`;
}

async function unpack(
  zip: ZipFile,
  resource: Resource,
  target: { readonly targetDir: string; readonly madeDirs: Set<string> },
): Promise<void> {
  const path = join(target.targetDir, resource.path);
  const dir = dirname(path);
  if (!target.madeDirs.has(dir)) {
    await mkdir(dir, { recursive: true });
    target.madeDirs.add(dir);
  }
  const source = await zip.openReadStreamPromise(resource.entry);
  await pipeline(source, createWriteStream(path, { mode: resource.isExecutable ? 0o755 : 0o644 }));
}

/** Keeps errors of the disk; every other error is a fault of the jar. */
function asJarFault(error: unknown, jarName: string, targetDir: string): unknown {
  if (error instanceof GatewayError) return error;
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new GatewayError(
      'UPLOAD_FAILED',
      `cannot unpack the resources of ${jarName}: ${diskFullText(targetDir)}`,
      {
        cause: error,
      },
    );
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EMFILE' || code === 'EIO') return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GatewayError('JAR_INVALID', `${jarName} is not a usable jar: ${reason}`, { cause: error });
}

function jarInvalid(jarName: string, reason: string): GatewayError {
  return new GatewayError('JAR_INVALID', `${jarName} is not a usable jar: ${reason}`);
}
