import { visible } from './visible.ts';

/**
 * A topology at work, drawn as text: one row for each component in the order of the flow, then the streams between
 * them. Pure: the numbers come in, lines come out.
 */
export interface FlowComponent {
  readonly id: string;
  /** What runs it, for the reader: `Java`, `python3 split.py`. */
  readonly madeOf: string;
  readonly tasks: number;
  /** Slot ports of its executors. */
  readonly ports: readonly number[];
  /** Counts since the start. A spout has no `executed`. */
  readonly executed: number | undefined;
  readonly emitted: number;
  readonly acked: number;
  readonly failed: number;
  readonly inputs: readonly { readonly from: string; readonly stream: string; readonly grouping: string }[];
}

export interface FlowSnapshot {
  readonly name: string;
  readonly status: string;
  readonly uptimeSecs: number;
  readonly takenAtMs: number;
  readonly components: readonly FlowComponent[];
  /** Newest error of each component that has one. */
  readonly errors: ReadonlyMap<string, string>;
}

const columns = ['component', 'runs', 'tasks', 'slots', 'in/s', 'out/s', 'acked', 'failed'] as const;

/** The lines of one picture. Rates are taken between two snapshots; without an earlier one they are left open. */
export function drawFlow(now: FlowSnapshot, before: FlowSnapshot | undefined): string[] {
  const ordered = flowOrder(now.components);
  const rows = ordered.map((component) => row(component, now, before));
  const widths = columns.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [
    `${visible(now.name)}  ${now.status}  up ${now.uptimeSecs} s`,
    '',
    line(columns),
    ...rows.map(line),
    '',
    ...ordered.flatMap((component) => component.inputs.map((input) => arrow(input, component.id))),
    ...[...now.errors].map(([id, error]) => `! ${visible(id)}: ${visible(firstLine(error))}`),
  ];
}

function row(component: FlowComponent, now: FlowSnapshot, before: FlowSnapshot | undefined): string[] {
  const earlier = before?.components.find(({ id }) => id === component.id);
  const elapsedMs = before === undefined ? 0 : now.takenAtMs - before.takenAtMs;
  const rate = (count: number | undefined, previous: number | undefined): string =>
    count === undefined || previous === undefined || elapsedMs <= 0
      ? '-'
      : Math.max(0, Math.round(((count - previous) * 1000) / elapsedMs)).toString();
  return [
    visible(component.id),
    visible(component.madeOf),
    component.tasks.toString(),
    [...new Set(component.ports)].sort((a, b) => a - b).join(','),
    rate(component.executed, earlier?.executed),
    rate(component.emitted, earlier?.emitted),
    component.acked.toString(),
    component.failed.toString(),
  ];
}

function arrow(input: FlowComponent['inputs'][number], to: string): string {
  const stream = input.stream === 'default' ? '' : ` [${visible(input.stream)}]`;
  return `${visible(input.from)} ──${visible(input.grouping)}${stream}──▶ ${visible(to)}`;
}

/** Sources before those who read them; in a cycle the order they came in. */
function flowOrder(components: readonly FlowComponent[]): FlowComponent[] {
  const placed = new Set<string>();
  const left = [...components];
  const ordered: FlowComponent[] = [];
  while (left.length > 0) {
    const known = new Set(components.map(({ id }) => id));
    const ready = left.findIndex(({ inputs }) =>
      inputs.every(({ from }) => placed.has(from) || !known.has(from)),
    );
    const [next] = left.splice(Math.max(0, ready), 1);
    placed.add(next!.id);
    ordered.push(next!);
  }
  return ordered;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
