import type { TopologySummary } from '../rpc/index.ts';
import { visible } from './visible.ts';

/** Columns of `storm list` (ListTopologies, Storm 2.8). Scripts cut the output at these widths. */
const columns = [
  { title: 'Topology_name', width: 20, value: (row: TopologySummary) => row.name },
  { title: 'Status', width: 10, value: (row: TopologySummary) => row.status },
  { title: 'Num_tasks', width: 10, value: (row: TopologySummary) => String(row.num_tasks) },
  { title: 'Num_workers', width: 12, value: (row: TopologySummary) => String(row.num_workers) },
  { title: 'Uptime_secs', width: 12, value: (row: TopologySummary) => String(row.uptime_secs) },
  { title: 'Topology_Id', width: 20, value: (row: TopologySummary) => row.id },
  { title: 'Owner', width: 20, value: (row: TopologySummary) => row.owner ?? 'null' },
] as const;
const ruleWidth = 88;

/** The exact output of `storm list`, including trailing blanks. */
export function topologyTable(rows: readonly TopologySummary[]): string {
  if (rows.length === 0) return 'No topologies running.\n';
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => visible(cell).padEnd(columns[index]!.width)).join(' ');
  return [
    line(columns.map(({ title }) => title)),
    '-'.repeat(ruleWidth),
    ...rows.map((row) => line(columns.map(({ value }) => value(row)))),
    '',
  ].join('\n');
}

/** The same rows for programs. */
export function topologyRows(rows: readonly TopologySummary[]): object[] {
  return rows.map((row) => ({
    name: row.name,
    status: row.status,
    tasks: row.num_tasks,
    executors: row.num_executors,
    workers: row.num_workers,
    uptimeSecs: row.uptime_secs,
    id: row.id,
    owner: row.owner ?? null,
    scheduling: row.sched_status ?? null,
  }));
}
