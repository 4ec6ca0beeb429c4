import { GatewayError, type JsonObject } from '../../base/index.ts';
import type { JavaRandom } from '../../tuple/index.ts';
import { confKeys } from '../conf-values.ts';
import type { TaskId } from '../model.ts';
import type { Subscriber } from '../topology-index.ts';
import { describeCustomGrouping } from './custom-grouping.ts';
import type { Grouper } from './grouper.ts';
import { LoadAwareShuffleGrouper } from './load-aware-shuffle.ts';
import { PartialKeyGrouper } from './partial-key.ts';
import type { TaskPlacement } from './placement.ts';
import { FieldsGrouper, FixedGrouper, KeyFields, NoneGrouper, ShuffleGrouper } from './plain-groupers.ts';

export interface GrouperContext {
  /** `component x, stream y`, for messages. */
  readonly what: string;
  readonly streamFields: readonly string[];
  readonly conf: JsonObject;
  readonly placement: TaskPlacement;
  /** One for each grouper, or shared by the groupers of one thread. */
  readonly random: JavaRandom;
}

/**
 * The grouper of one subscriber of a stream (GrouperFactory.mkGrouper, 2.8); `direct` when the producer names
 * the task. Throws `TOPOLOGY_INVALID` for a grouping that only a JVM can run.
 */
export function makeGrouper(subscriber: Subscriber, context: GrouperContext): Grouper | 'direct' {
  const { grouping, tasks, componentId } = subscriber;
  switch (grouping.kind) {
    case 'fields':
      return grouping.fields.length === 0
        ? new FixedGrouper(tasks.slice(0, 1))
        : new FieldsGrouper(tasks, keyFields(grouping.fields, context));
    case 'shuffle':
      return makeShuffle(tasks, context);
    case 'local_or_shuffle':
      return makeShuffle(context.placement.sameContainer(tasks), context);
    case 'all':
      return new FixedGrouper(tasks);
    case 'none':
      return new NoneGrouper(tasks, context.random);
    case 'direct':
      return 'direct';
    case 'custom_object':
    case 'custom_serialized': {
      const custom = describeCustomGrouping(grouping);
      if (custom?.kind === 'partial_key') {
        const { fields } = custom;
        return new PartialKeyGrouper(tasks, fields === undefined ? undefined : keyFields(fields, context));
      }
      throw new GatewayError(
        'TOPOLOGY_INVALID',
        `${context.what}: component ${componentId} takes it by the grouping ${custom?.className ?? 'unknown'}, which is a Java class that only a JVM host can run`,
        { facts: { subscriber: componentId, className: custom?.className } },
      );
    }
  }
}

function keyFields(fields: readonly string[], context: GrouperContext): KeyFields {
  return new KeyFields({ fields, streamFields: context.streamFields, what: context.what });
}

function makeShuffle(tasks: readonly TaskId[], context: GrouperContext): Grouper {
  const { conf, random, placement } = context;
  if (conf[confKeys.disableLoadAware] === true) return new ShuffleGrouper(tasks, random);
  return new LoadAwareShuffleGrouper(tasks, {
    localityOf: (task) => placement.localityOf(task),
    higherBound: readBound(conf, confKeys.localityHigherBound, 0.8),
    lowerBound: readBound(conf, confKeys.localityLowerBound, 0.2),
    random,
  });
}

function readBound(conf: JsonObject, key: string, otherwise: number): number {
  const value = conf[key];
  return typeof value === 'number' ? value : otherwise;
}
