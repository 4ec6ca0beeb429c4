import { loadavg } from 'node:os';
import { median } from '../median.ts';
import type { Verdict } from '../quotable.ts';
import type { Load, LoadResult } from './load.ts';
import type { Subject } from './subject.ts';

export interface Row extends LoadResult {
  readonly subject: string;
  readonly level: Subject['level'];
  readonly load: Load;
  /** Given for an open loop. */
  readonly offeredPerSec?: number;
  /** Processor time of this process and the subject's, client and server together. */
  readonly cpuSecPerMillion: number;
  /** What else the machine did, in percent of one core. */
  readonly othersCpuPercent: number;
  readonly verdict: Verdict;
  /** Share of the rate that plain writes and syncs of groups of that size reach here. */
  readonly shareOfDisk?: number;
}

export function isKafka({ subject }: Row): boolean {
  return subject.startsWith('Kafka');
}

const heads = [
  'level',
  'load',
  'subject',
  'records/s',
  'x Kafka',
  'p50 ms',
  'p99 ms',
  'p99 x Kafka',
  'tail p99 ms',
  'CPU s/M',
  '% of disk',
  'others %',
  'quiet runs',
];

/**
 * Medians over the rounds. Rates are put beside the faster Kafka of the same load and level, latencies beside
 * the one that was quicker.
 */
export function tableOf(rows: readonly Row[]): string {
  const groups = [...new Set(rows.map(keyOf))].map((key) => rows.filter((row) => keyOf(row) === key));
  const lines = [heads, ...groups.map((group) => cells(group, rivalsOf(group[0]!, groups)))];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const load = loadavg().map((each) => each.toFixed(1));
  return `${text.join('\n')}\nmachine load ${load.join(' ')}\n`;
}

function rivalsOf(row: Row, groups: readonly (readonly Row[])[]): readonly (readonly Row[])[] {
  return groups.filter(
    ([first]) => isKafka(first!) && first!.level === row.level && loadText(first!) === loadText(row),
  );
}

function cells(group: readonly Row[], rivals: readonly (readonly Row[])[]): string[] {
  const [first] = group;
  const rate = of(group, (row) => row.recordsPerSec);
  const p99Ms = of(group, (row) => row.ack.p99Ms);
  const isAlone = rivals.length === 0;
  const rivalRate = isAlone
    ? Number.NaN
    : Math.max(...rivals.map((rows) => of(rows, (row) => row.recordsPerSec)));
  const rivalMs = isAlone ? Number.NaN : Math.min(...rivals.map((rows) => of(rows, (row) => row.ack.p99Ms)));
  return [
    first!.level,
    loadText(first!),
    first!.subject,
    shown(rate, 0),
    shown(rate / rivalRate, 2),
    shown(
      of(group, (row) => row.ack.p50Ms),
      2,
    ),
    shown(p99Ms, 2),
    shown(rivalMs / p99Ms, 2),
    shown(
      of(group, (row) => row.tail?.p99Ms),
      2,
    ),
    shown(
      of(group, (row) => row.cpuSecPerMillion),
      1,
    ),
    shown(100 * of(group, (row) => row.shareOfDisk), 0),
    shown(
      of(group, (row) => row.othersCpuPercent),
      0,
    ),
    `${group.filter(({ verdict }) => verdict.quotable).length} of ${group.length}`,
  ];
}

function keyOf(row: Row): string {
  return `${row.level}|${loadText(row)}|${row.subject}`;
}

function loadText({ load, offeredPerSec }: Row): string {
  const how = offeredPerSec === undefined ? '' : ', half of Kafka’s rate';
  return `${load.recordBytes} B x ${load.outstanding}, ${load.streams} streams, ${load.readers} readers${how}`;
}

function of(rows: readonly Row[], pick: (row: Row) => number | undefined): number {
  return median(rows.map(pick).filter((each) => each !== undefined));
}

function shown(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
