import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../src/base/index.ts';
import { processesOf } from '../processes.ts';
import { open } from './frame-sender.ts';

const lengthsOf = [0, 1, 16, 4096, 70_000];

/**
 * Sends malformed input to every port that containers listen on: random bytes, frames that claim a huge
 * length, and connections that send nothing.
 */
export async function attackContainers(localDir: string, seed: number, signal: AbortSignal): Promise<void> {
  const random = seededRandom(seed);
  const bytes = (length: number): Buffer =>
    Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)));
  while (!signal.aborted) {
    for (const port of listeningPorts(localDir)) {
      const socket = await open(port);
      if (socket === undefined) continue;
      socket.resume();
      const length = lengthsOf[Math.floor(random.next() * lengthsOf.length)]!;
      if (random.next() < 0.5) {
        // A frame of the tuple wire begins with its length, little-endian: one that is never filled.
        const head = Buffer.alloc(16);
        head.writeUInt32LE([0, 1, 15, 16, 0x00ff_ffff, 0x7fff_ffff][Math.floor(random.next() * 6)]!);
        socket.write(head);
      }
      socket.write(bytes(length));
      if (random.next() < 0.8) socket.end();
      else setTimeout(() => socket.destroy(), 2000);
    }
    await sleep(20);
  }
}

/** TCP ports that the containers below a directory listen on. */
export function listeningPorts(localDir: string): number[] {
  const inodes = new Set(processesOf(localDir, 'container').flatMap(({ pid }) => socketsOf(pid)));
  const ports = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && inodes.has(columns[9]!))
    .map((columns) => Number.parseInt(columns[1]!.split(':')[1]!, 16));
  return [...new Set(ports)];
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const link = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
      return link === null ? [] : [link[1]!];
    });
  } catch {
    return []; // it ended while we looked
  }
}
