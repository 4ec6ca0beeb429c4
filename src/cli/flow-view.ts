import { type FlowRates, rateOf } from './flow-rates.ts';
import { visible } from './visible.ts';

/**
 * Draws a running topology as text: one row for each component in the order of the flow, then the streams
 * between them. Pure: numbers in, lines out.
 */
export interface FlowComponent {
  readonly id: string;
  /** What runs it: `Java`, `python3 split.py`. */
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
  readonly executors: readonly FlowExecutor[];
}

/** One executor as it last reported. */
export interface FlowExecutor {
  /** The same for its whole life and for its next one: range of tasks and place. */
  readonly id: string;
  readonly uptimeSecs: number;
  readonly executed: number;
  readonly emitted: number;
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

/** The lines of one picture. A rate that is not known yet shows as `-`. */
export function drawFlow(now: FlowSnapshot, rates: FlowRates | undefined): string[] {
  const ordered = flowOrder(now.components);
  const rows = ordered.map((component) => row(component, rates));
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

function row(component: FlowComponent, rates: FlowRates | undefined): string[] {
  const rate = (count: 'executed' | 'emitted'): string => {
    const perSec = component[count] === undefined ? undefined : rateOf(rates, component.executors, count);
    return perSec === undefined ? '-' : Math.round(perSec).toString();
  };
  return [
    visible(component.id),
    visible(component.madeOf),
    component.tasks.toString(),
    [...new Set(component.ports)].sort((a, b) => a - b).join(','),
    rate('executed'),
    rate('emitted'),
    component.acked.toString(),
    component.failed.toString(),
  ];
}

function arrow(input: FlowComponent['inputs'][number], to: string): string {
  const stream = input.stream === 'default' ? '' : ` [${visible(input.stream)}]`;
  return `${visible(input.from)} ──${visible(input.grouping)}${stream}──▶ ${visible(to)}`;
}

/** Sources before their consumers; components of a cycle keep their order. */
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
