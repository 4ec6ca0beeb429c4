import type {
  ComponentCommon,
  ComponentObject,
  ExecutorSummary,
  Grouping,
  StormTopology,
  TopologyInfo,
} from '../rpc/index.ts';
import { isSystemId } from '../topology/index.ts';
import type { FlowComponent, FlowSnapshot } from './flow-view.ts';

/** Reads the user's components from Nimbus's answers, without system components (`__acker`, …). */
export function flowSnapshot(topology: StormTopology, info: TopologyInfo, takenAtMs: number): FlowSnapshot {
  const parts: [string, ComponentObject, ComponentCommon][] = [
    ...[...topology.spouts].map(([id, spout]): [string, ComponentObject, ComponentCommon] => [
      id,
      spout.spout_object,
      spout.common,
    ]),
    ...[...topology.bolts].map(([id, bolt]): [string, ComponentObject, ComponentCommon] => [
      id,
      bolt.bolt_object,
      bolt.common,
    ]),
  ];
  return {
    name: info.name,
    status: info.status,
    uptimeSecs: info.uptime_secs,
    takenAtMs,
    components: parts
      .filter(([id]) => !isSystemId(id))
      .map(([id, object, common]) => flowComponent(id, { object, common, info })),
    errors: new Map(
      [...info.errors]
        .filter(([, errors]) => errors.length > 0)
        .map(([id, errors]) => [id, errors[0]!.error]),
    ),
  };
}

function flowComponent(
  id: string,
  of: { object: ComponentObject; common: ComponentCommon; info: TopologyInfo },
): FlowComponent {
  const executors = of.info.executors.filter((executor) => executor.component_id === id);
  const totals = executors.map(totalsOf);
  const sum = (pick: (total: Totals) => number): number =>
    totals.reduce((all, total) => all + pick(total), 0);
  return {
    id,
    madeOf: madeOf(of.object),
    tasks: executors.reduce(
      (all, { executor_info: range }) => all + range.task_end - range.task_start + 1,
      0,
    ),
    ports: executors.map((executor) => executor.port),
    executed: of.common.inputs.length === 0 ? undefined : sum((total) => total.executed),
    emitted: sum((total) => total.emitted),
    acked: sum((total) => total.acked),
    failed: sum((total) => total.failed),
    inputs: of.common.inputs.map(([source, grouping]) => ({
      from: source.componentId,
      stream: source.streamId,
      grouping: groupingText(grouping),
    })),
    executors: executors.map(({ executor_info: range, host, port, uptime_secs: uptimeSecs }, index) => ({
      id: `${range.task_start}-${range.task_end}@${host}:${port}`,
      uptimeSecs,
      executed: totals[index]!.executed,
      emitted: totals[index]!.emitted,
    })),
  };
}

interface Totals {
  readonly emitted: number;
  readonly executed: number;
  readonly acked: number;
  readonly failed: number;
}

/** Counts since the executor started, over all streams but the system's own. */
function totalsOf(executor: ExecutorSummary): Totals {
  const stats = executor.stats;
  if (stats === undefined) return { emitted: 0, executed: 0, acked: 0, failed: 0 };
  const byStream = (counts: ReadonlyMap<string, bigint> | undefined): number =>
    [...(counts ?? [])].reduce((all, [stream, n]) => all + (isSystemId(stream) ? 0 : Number(n)), 0);
  const byInput = (
    counts: readonly (readonly [{ readonly streamId: string }, bigint])[] | undefined,
  ): number =>
    (counts ?? []).reduce((all, [source, n]) => all + (isSystemId(source.streamId) ? 0 : Number(n)), 0);
  const emitted = byStream(stats.emitted.get(':all-time'));
  if (stats.specific.kind === 'spout') {
    const { acked, failed } = stats.specific.value;
    return {
      emitted,
      executed: 0,
      acked: byStream(acked.get(':all-time')),
      failed: byStream(failed.get(':all-time')),
    };
  }
  const { acked, failed, executed } = stats.specific.value;
  return {
    emitted,
    executed: byInput(executed.get(':all-time')),
    acked: byInput(acked.get(':all-time')),
    failed: byInput(failed.get(':all-time')),
  };
}

function madeOf(object: ComponentObject): string {
  if (object.kind !== 'shell') return 'Java';
  const command = (object.value.execution_command ?? '').split('/').at(-1) ?? '';
  const script = object.value.script ?? '';
  return script === '' || script === command ? command : `${command} ${script}`;
}

function groupingText(grouping: Grouping): string {
  if (grouping.kind !== 'fields') return grouping.kind.replaceAll('_', ' ');
  return grouping.value.length === 0 ? 'global' : `fields(${grouping.value.join(', ')})`;
}
