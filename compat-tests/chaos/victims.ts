import { readFileSync } from 'node:fs';
import type { ProcessKind } from '../../src/testing/chaos/index.ts';
import { processesUnder } from '../processes.ts';
import { target } from '../target.ts';

export interface Victim {
  readonly pid: number;
  readonly kind: ProcessKind;
  readonly command: string;
}

/** Every process of the target's gateway and its topologies, by what it is to them. */
export async function victims(): Promise<Victim[]> {
  const { gateway, localDir } = await target();
  const found = processesUnder(localDir!).map((row) => ({ ...row, parent: parentOf(row.pid) }));
  const kinds = new Map<number, ProcessKind | undefined>();
  for (const { pid, command } of found) kinds.set(pid, kindByCommand(command));
  const all: Victim[] = [];
  if (gateway?.pid !== undefined && startOf(gateway.pid) !== undefined)
    all.push({ pid: gateway.pid, kind: 'gateway', command: 'egret up' });
  for (const { pid, command, parent } of found) {
    const kind = kinds.get(pid) ?? kindByParent(kinds.get(parent));
    if (kind !== undefined) all.push({ pid, kind, command });
  }
  return all;
}

function kindByCommand(command: string): ProcessKind | undefined {
  const container = /^egret container \S+\/(\d+)|bin\/container\.js/.exec(command);
  if (container !== null) {
    // one that has no title yet is no victim yet
    if (container[1] === undefined) return undefined;
    return container[1] === '0' ? 'topology master' : 'worker container';
  }
  if (/egret\.host\.Main/.test(command)) return 'JVM';
  if (/redis-server|valkey-server/.test(command)) return 'redis';
  return undefined;
}

function kindByParent(parent: ProcessKind | undefined): ProcessKind | undefined {
  if (parent === 'JVM') return 'child of a JVM';
  return parent === 'worker container' ? 'shell child' : undefined;
}

function parentOf(pid: number): number {
  return Number(statOf(pid)?.[1] ?? 0);
}

/** When a process was started: a pid alone may be another's by now. */
export function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Processes and their resident memory together. */
export type Memory = Map<ProcessKind, { processes: number; mebibytes: number }>;

/** Resident memory of all processes of each kind, in MiB, and how many they are. */
export async function memoryByKind(): Promise<Memory> {
  const sums: Memory = new Map();
  for (const { pid, kind } of await victims()) {
    const sum = sums.get(kind) ?? { processes: 0, mebibytes: 0 };
    sum.processes++;
    sum.mebibytes += residentKibibytes(pid) / 1024;
    sums.set(kind, sum);
  }
  return sums;
}

function residentKibibytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
