import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, errorCode, GatewayError } from '../base/index.ts';
import { type DetachedProcess, spawnDetached } from '../child/index.ts';

/** A server process, ours or one that an earlier gateway started. */
export interface ServerProcess {
  readonly pid: number;
  readonly processStart: string;
}

/** `sun_path` of a socket address: 108 bytes with the zero at the end (Linux unix(7)). */
const socketPathBytesMax = 107;

/**
 * Where the server listens: `redis.sock` in its directory. A directory whose path is too long for a socket
 * gets a short one in the machine's directory for temporary files, made from its path, so that every gateway
 * finds the same.
 */
export function socketPathOf(dir: string): string {
  const path = join(dir, 'redis.sock');
  if (Buffer.byteLength(path) <= socketPathBytesMax) return path;
  const short = join(tmpdir(), `egret-redis-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const found = statSync(short);
  // Any user may create directories there; one that other users can write could hold another user's server.
  if (found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new GatewayError(
      'STATE_UNAVAILABLE',
      `the directory ${short}, for the socket of the server in ${dir}, must belong to this user alone`,
      { facts: { directory: short, uid: found.uid, mode: found.mode & 0o777 } },
    );
  }
  return join(short, 'redis.sock');
}

/** Removes the socket, and the short directory made for it. */
export function removeSocket(dir: string): void {
  const path = socketPathOf(dir);
  rmSync(path, { force: true });
  if (!path.startsWith(dir)) rmSync(join(path, '..'), { recursive: true, force: true });
}

const commands = ['redis-server', 'valkey-server'];

/**
 * Starts a server that keeps every write in a file of its directory and listens on a unix socket alone. The
 * file is synchronised with the disk once a second: a killed server loses nothing, a power cut at most the
 * last second (epochs of leases still do not repeat: see hold-lease-2.lua). Rejects with `STATE_UNAVAILABLE`
 * when there is no such program.
 */
export async function startServer(dir: string, command: string | undefined): Promise<DetachedProcess> {
  const settings = {
    port: '0',
    unixsocket: socketPathOf(dir),
    unixsocketperm: '700',
    dir,
    databases: '1',
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    daemonize: 'no',
    logfile: join(dir, 'redis.log'),
    'always-show-logo': 'no',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const missing: unknown[] = [];
  for (const candidate of command === undefined ? commands : [command]) {
    try {
      return await spawnDetached({ name: 'the state server', command: candidate, args, cwd: dir });
    } catch (error) {
      if (!(error instanceof GatewayError && errorCode(error.cause) === 'ENOENT')) throw error;
      missing.push(error);
    }
  }
  throw new GatewayError(
    'STATE_UNAVAILABLE',
    `the state server needs ${command ?? commands.join(' or ')}, which is not installed: install the package redis-server (or valkey), or name an external Redis by egret.redis.url`,
    { cause: missing[0], facts: { commands: command ?? commands } },
  );
}

/** The server that an earlier gateway recorded, if its file is readable. */
export function readServerRecord(dir: string): ServerProcess | undefined {
  try {
    const [pid, processStart] = readFileSync(join(dir, 'redis.pid'), 'utf8').trim().split(' ');
    return Number(pid) > 0 && processStart !== undefined ? { pid: Number(pid), processStart } : undefined;
  } catch {
    return undefined;
  }
}

export function writeServerRecord(dir: string, server: ServerProcess): void {
  writeFileSync(join(dir, 'redis.pid'), `${server.pid} ${server.processStart}\n`);
}

export function removeServerRecord(dir: string): void {
  rmSync(join(dir, 'redis.pid'), { force: true });
}

/** ready, loading (it is reading its data), or why not. */
export function askServer(
  dir: string,
  options: { readonly clock: Clock; readonly limitMs: number },
): Promise<string> {
  const { clock, limitMs } = options;
  return new Promise((resolve) => {
    const socket = createConnection(socketPathOf(dir));
    const answer = (text: string): void => {
      limit[Symbol.dispose]();
      socket.destroy();
      resolve(text);
    };
    const limit = clock.after(limitMs, () => answer(`no answer within ${limitMs} ms`));
    socket.on('error', (error) => answer(error.message));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      answer(text.startsWith('+PONG') ? 'ready' : text.startsWith('-LOADING') ? 'loading' : text.trim());
    });
  });
}

/** How much of the log there is, to tell later what a server that is started now says in it. */
export function logPosition(dir: string): number {
  return statSync(join(dir, 'redis.log'), { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Redis refuses to load its file: its words for what is damaged, by its releases since 7.0, in lower case.
 */
const refusesData: readonly string[] = [
  ...[
    'bad file format',
    'unexpected end of file',
    ' reading the append',
    'aof manifest',
    'fatal error loading',
  ],
  ...['wrong signature', 'short read or oom'],
];
/** Redis loads its file and leaves something out. */
const leavesOut: readonly string[] = [
  ...['== critical ==', 'aof-loading-client', 'short read while loading', 'loaded anyway'],
  'truncating the aof',
];
const saidLinesMax = 5;
const saidBytesMax = 1 << 20;

/** The lines since `from` by which the server said that it refused its data, or left out a part of it. */
export function saidOfData(dir: string, from: number, what: 'refused' | 'left-out'): readonly string[] {
  let text: string;
  try {
    text = readFileSync(join(dir, 'redis.log')).subarray(from).subarray(0, saidBytesMax).toString('utf8');
  } catch {
    return [];
  }
  const words = what === 'refused' ? refusesData : leavesOut;
  const lines = text.split('\n').filter((line) => words.some((each) => line.toLowerCase().includes(each)));
  return lines.slice(0, saidLinesMax);
}

/** What the server last said in its log, for the error that says it did not start. */
export function lastWords(dir: string): string {
  try {
    const lines = readFileSync(join(dir, 'redis.log'), 'utf8').trim().split('\n');
    return lines.slice(-3).join(' | ');
  } catch {
    return 'it wrote no log';
  }
}
