import {
  isSystemId,
  type OutgoingStreams,
  type StreamId,
  type TaskId,
  type TopologyIndex,
} from '../../../topology/index.ts';
import type { JavaValue } from '../../../tuple/index.ts';
import { taskIdsText } from './messages.ts';

/** Emits that a child can do before it has to wait for this process. */
const listsAhead = 128;

/**
 * Task ids that a child receives before the emits that they answer. Storm's storm.py waits for them after
 * each emit, and hardly any component looks at them; a list that has already come costs no wait. The ids stay
 * true because the tasks are chosen ahead: each emit goes where the oldest list says.
 */
export class TaskIdsAhead {
  readonly streamId: StreamId;
  readonly #outgoing: OutgoingStreams;
  /** Values of no meaning, as many as the stream has fields. */
  readonly #anyValues: readonly JavaValue[];
  /** The lists that the child has, as a ring. Invariant: of length `listsAhead` once `begin` was called. */
  readonly #lists: (readonly TaskId[])[] = [];
  #oldest = 0;

  private constructor(outgoing: OutgoingStreams, streamId: StreamId, fieldCount: number) {
    this.#outgoing = outgoing;
    this.streamId = streamId;
    this.#anyValues = Array.from({ length: fieldCount }, () => null);
  }

  /**
   * Undefined where the tasks of an emit are not known before it: for components with more than one stream,
   * because a list does not say which stream it is for, and where a grouping looks at the values.
   */
  static find(topology: TopologyIndex, outgoing: OutgoingStreams): TaskIdsAhead | undefined {
    const { componentId } = outgoing;
    const [streamId, ...others] = topology.streamIdsOf(componentId).filter((each) => !isSystemId(each));
    if (streamId === undefined || others.length > 0 || !outgoing.ignoresValues(streamId)) return undefined;
    return new TaskIdsAhead(outgoing, streamId, topology.fieldsOf(componentId, streamId)?.length ?? 0);
  }

  /** The lists that a child starts with, as messages. */
  begin(): string {
    let text = '';
    while (this.#lists.length < listsAhead) {
      const list = this.#draw();
      this.#lists.push(list);
      text += taskIdsText(list);
    }
    return text;
  }

  /**
   * Adds to `chosen` the tasks of the oldest list, for an emit whose child waits for its task ids. Returns
   * the message that replaces the list.
   */
  take(chosen: TaskId[]): string {
    const list = this.#lists[this.#oldest]!;
    for (let i = 0; i < list.length; i++) chosen.push(list[i]!);
    const next = this.#draw();
    this.#lists[this.#oldest] = next;
    this.#oldest = (this.#oldest + 1) % listsAhead;
    return taskIdsText(next);
  }

  #draw(): readonly TaskId[] {
    const list: TaskId[] = [];
    this.#outgoing.chooseTasks(this.streamId, this.#anyValues, list);
    return list;
  }
}
