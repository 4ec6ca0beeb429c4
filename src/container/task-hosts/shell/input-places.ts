import { GatewayError } from '../../../base/index.ts';
import { systemStreamIds, systemTaskId } from '../../../topology/index.ts';
import type { ProtocolParts } from './protocol-parts.ts';

/** One stream that a bolt subscribes to. */
export interface BoltInput {
  readonly componentId: string;
  readonly streamId: string;
}

/**
 * Finds the place among a bolt's inputs of the stream that a tuple came on. The metrics count by this place.
 */
export class InputPlaces {
  readonly #task: Pick<ProtocolParts, 'taskId' | 'componentId' | 'topology'>;
  readonly #inputs: readonly BoltInput[];
  /** Source task -> stream number -> place in `#inputs`. Invariant: holds only places that were looked up. */
  readonly #known = new Map<number, number[]>();

  constructor(
    task: Pick<ProtocolParts, 'taskId' | 'componentId' | 'topology'>,
    inputs: readonly BoltInput[],
  ) {
    this.#task = task;
    this.#inputs = inputs;
  }

  /** The input at a place that {@link placeOf} returned. */
  at(place: number): BoltInput {
    return this.#inputs[place]!;
  }

  /**
   * A tick comes from no stream of the plan. Throws `WIRE_CORRUPT` for a stream that the bolt does not take.
   */
  placeOf(sourceTask: number, streamNumber: number): number {
    return this.#known.get(sourceTask)?.[streamNumber] ?? this.#find(sourceTask, streamNumber);
  }

  #find(sourceTask: number, streamNumber: number): number {
    const { topology } = this.#task;
    const componentId = topology.componentOf(sourceTask);
    const streamId =
      sourceTask === systemTaskId || componentId === undefined
        ? systemStreamIds.tick
        : topology.streamId(componentId, streamNumber);
    const place = this.#inputs.findIndex(
      (input) => input.componentId === componentId && input.streamId === streamId,
    );
    if (place < 0) {
      throw new GatewayError(
        'WIRE_CORRUPT',
        `task ${this.#task.taskId} (${this.#task.componentId}) got a tuple of task ${sourceTask}, stream ${streamId}, which it does not take`,
      );
    }
    const ofTask = this.#known.get(sourceTask) ?? [];
    ofTask[streamNumber] = place;
    this.#known.set(sourceTask, ofTask);
    return place;
  }
}
