import type { Component, ComponentId, InputDeclaration, LogicalTopology, StreamId } from '../model.ts';

export interface Consumer {
  readonly component: Component;
  readonly input: InputDeclaration;
}

/**
 * The producer and the consumers of each stream of a topology, and which components count tuples. Made in one
 * pass, so that asking about every stream costs no more than the topology's size.
 */
export class StreamGraph {
  readonly topology: LogicalTopology;
  readonly components: ReadonlyMap<ComponentId, Component>;
  readonly #consumers = new Map<string, Consumer[]>();
  readonly #counted = new Map<Component, CountedStreams>();

  constructor(topology: LogicalTopology) {
    this.topology = topology;
    this.components = new Map(topology.components.map((component) => [component.id, component]));
    for (const component of topology.components) {
      for (const input of component.inputs) {
        const key = keyOf(input.sourceComponentId, input.sourceStreamId);
        const consumers = this.#consumers.get(key);
        if (consumers === undefined) this.#consumers.set(key, [{ component, input }]);
        else consumers.push({ component, input });
      }
    }
  }

  consumersOf(stream: {
    readonly componentId: ComponentId;
    readonly streamId: StreamId;
  }): readonly Consumer[] {
    return this.#consumers.get(keyOf(stream.componentId, stream.streamId)) ?? [];
  }

  /**
   * Trident's batches, checkpoints and CoordinatedBolt say on another stream how many tuples there were, and
   * when they end.
   */
  countedStreamOf(components: readonly Component[]): string | undefined {
    const found = components.map((component) => this.#countedIn(component));
    if (found.some(({ hasCheckpoint }) => hasCheckpoint)) return 'a checkpoint ($checkpoint)';
    const trident = found.find((each) => each.trident !== undefined)?.trident;
    if (trident !== undefined) return `Trident (${trident})`;
    return found.some(({ isCoordinated }) => isCoordinated) ? 'a CoordinatedBolt' : undefined;
  }

  #countedIn(component: Component): CountedStreams {
    const known = this.#counted.get(component);
    if (known !== undefined) return known;
    const streams = [
      ...Object.keys(component.streams),
      ...component.inputs.map(({ sourceStreamId }) => sourceStreamId),
    ];
    const counted = {
      hasCheckpoint: streams.includes('$checkpoint'),
      trident: streams.find((stream) => stream.startsWith('$')),
      isCoordinated: streams.some((stream) => stream.endsWith('/coord-stream')),
    };
    this.#counted.set(component, counted);
    return counted;
  }
}

interface CountedStreams {
  readonly hasCheckpoint: boolean;
  readonly trident: string | undefined;
  readonly isCoordinated: boolean;
}

/** A key that no two streams share: an id may hold any character, its length may not. */
export function keyOf(componentId: ComponentId, streamId: StreamId): string {
  return `${componentId.length} ${componentId}${streamId}`;
}
