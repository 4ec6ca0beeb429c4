import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../base/index.ts';
import { sayJavaValue, scalarArbitrary, valueArbitrary } from '../../testing/java-values.ts';
import { askOracle } from '../../testing/oracle.ts';
import { JavaRandom, type JavaValue, java } from '../../tuple/index.ts';
import type { Grouping, PackingPlan } from '../model.ts';
import { describeCustomGrouping } from './custom-grouping.ts';
import type { Grouper } from './grouper.ts';
import { LoadAwareShuffleGrouper, type Locality } from './load-aware-shuffle.ts';
import { type GrouperContext, makeGrouper } from './make-grouper.ts';
import { TaskPlacement } from './placement.ts';

const plan: PackingPlan = {
  ...{ topologyId: 't-1-1', version: 1, codeVersion: 0 },
  containers: [
    { containerId: 1, slotPort: 6700, nodeId: 'here', hostname: 'here' },
    { containerId: 2, slotPort: 6701, nodeId: 'here', hostname: 'here' },
    { containerId: 3, slotPort: 6700, nodeId: 'there', hostname: 'there' },
  ],
  tasks: [4, 5, 6, 7].map((taskId, i) => ({
    taskId,
    componentId: 'b',
    executor: [taskId, taskId] as const,
    containerId: [1, 1, 2, 3][i]!,
    host: 'shell' as const,
  })),
};
const tasks = [4, 5, 6, 7];

function ask<T>(kind: string, questions: readonly JsonValue[]): T[] {
  return (askOracle('GroupingOracle', { [kind]: questions }) as unknown as Record<string, T[]>)[kind]!;
}

function make(
  grouping: Grouping,
  options: Partial<GrouperContext> & { tasks?: readonly number[] } = {},
): Grouper {
  const grouper = makeGrouper(
    { componentId: 'b', grouping, tasks: options.tasks ?? tasks },
    {
      what: 'component s, stream default',
      streamFields: ['word', 'count'],
      conf: {},
      placement: new TaskPlacement(plan, 1),
      random: new JavaRandom(1),
      ...options,
    },
  );
  assert.notEqual(grouper, 'direct');
  return grouper as Grouper;
}

const plainShuffle: JsonObject = { 'topology.disable.loadaware.messaging': true };

describe('fields grouping', () => {
  it('chooses the task that Storm chooses, for random values and fields', () => {
    const streamFields = ['a', 'b', 'c'];
    const samples = fc.sample(
      fc.record({
        values: fc.tuple(valueArbitrary, valueArbitrary, valueArbitrary),
        fields: fc.shuffledSubarray(streamFields, { minLength: 1 }),
        tasks: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 9 }),
      }),
      800,
    );
    const answers = ask<number[]>(
      'fields',
      samples.map((sample) => ({ ...sample, values: sample.values.map(sayJavaValue), streamFields })),
    );
    samples.forEach(({ values, fields, tasks: unsorted }, i) => {
      const grouper = make(
        { kind: 'fields', fields },
        { streamFields, tasks: unsorted.toSorted((a, b) => a - b) },
      );
      assert.deepEqual(grouper.chooseTasks(values), answers[i]);
    });
  });

  it('refuses a tuple without the field, and one of a stream that lacks it', () => {
    const grouper = make({ kind: 'fields', fields: ['count'] });
    assert.throws(() => grouper.chooseTasks(['only a word']), {
      code: 'EMIT_REFUSED',
      message: /grouped by \[count\]/,
    });
    const elsewhere = make({ kind: 'fields', fields: ['colour'] });
    assert.throws(() => elsewhere.chooseTasks(['a', 'b']), {
      code: 'EMIT_REFUSED',
      message: /component s, stream default/,
    });
  });

  it('goes to the first task alone when it names no field', () => {
    assert.deepEqual(make({ kind: 'fields', fields: [] }).chooseTasks(['x']), [4]);
  });
});

describe('partial key grouping', () => {
  it('makes the choices of Storm’s class, read from its serialised form', () => {
    const streamFields = ['a', 'b'];
    const keys = fc.uniqueArray(scalarArbitrary, { minLength: 1, maxLength: 6 });
    const samples = fc.sample(
      fc.record({
        fields: fc.shuffledSubarray(streamFields, { minLength: 1 }),
        tasks: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 9 }),
        sequence: keys.chain((few) =>
          fc.array(fc.tuple(fc.constantFrom(...few), fc.constantFrom(...few)), {
            maxLength: 60,
            size: 'max',
          }),
        ),
      }),
      150,
    );
    checkPartialKeys(samples, streamFields);
  });

  it('takes the first value’s text for the key when it has no fields', () => {
    const sequence = fc.array(fc.tuple(fc.oneof(fc.string({ unit: 'binary' }), fc.integer().map(java.int))), {
      maxLength: 40,
    });
    const samples = fc.sample(
      fc.record({ fields: fc.constant(null), tasks: fc.constant([2, 3, 5, 9]), sequence }),
      30,
    );
    checkPartialKeys(samples, ['a']);
  });
});

interface PartialKeySample {
  readonly fields: readonly string[] | null;
  readonly tasks: readonly number[];
  readonly sequence: readonly (readonly JavaValue[])[];
}

function checkPartialKeys(samples: readonly PartialKeySample[], streamFields: string[]): void {
  const questions = samples.map((sample) => ({
    ...sample,
    streamFields,
    sequence: sample.sequence.map((values) => values.map(sayJavaValue)),
  }));
  const answer = askOracle('GroupingOracle', {
    partialKeys: questions,
    partialKeyBytes: samples.map(({ fields }) => ({ fields })),
  }) as unknown as { partialKeys: number[][][]; partialKeyBytes: string[] };
  samples.forEach((sample, i) => {
    const grouper = make(
      { kind: 'custom_serialized', bytesBase64: answer.partialKeyBytes[i]! },
      { streamFields, tasks: sample.tasks.toSorted((a, b) => a - b) },
    );
    assert.deepEqual(
      sample.sequence.map((values) => [...grouper.chooseTasks(values)]),
      answer.partialKeys[i],
    );
  });
}

describe('custom grouping', () => {
  it('is a Java class unless it is the stock partial key grouping', () => {
    const which = ['own class', 'partial key with a selector of its own', 'no grouping'];
    const serialized = ask<string>(
      'serialized',
      which.map((name) => ({ which: name })),
    );
    assert.deepEqual(
      serialized.map((bytesBase64) => describeCustomGrouping({ kind: 'custom_serialized', bytesBase64 })),
      [
        { kind: 'java', className: 'egret.oracle.GroupingOracle$OddGrouping' },
        { kind: 'java', className: 'org.apache.storm.grouping.PartialKeyGrouping' },
        { kind: 'java', className: 'java.util.ArrayList' },
      ],
    );
  });

  it('is refused outside a JVM with stream, subscriber and class', () => {
    const groupings: Grouping[] = [
      { kind: 'custom_object', className: 'a.Mine' },
      { kind: 'custom_serialized', bytesBase64: 'AAAA' },
    ];
    const named = ['a.Mine', 'unknown'];
    groupings.forEach((grouping, i) => {
      assert.throws(() => make(grouping), {
        code: 'TOPOLOGY_INVALID',
        message: `component s, stream default: component b takes it by the grouping ${named[i]}, which is a Java class that only a JVM host can run`,
      });
    });
  });
});

describe('shuffle grouping without loads', () => {
  it('gives every task its turn, in one order again and again', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 9 }), (seed, count) => {
        const some = Array.from({ length: count }, (_, i) => i + 3);
        const grouper = make(
          { kind: 'shuffle' },
          { conf: plainShuffle, tasks: some, random: new JavaRandom(seed) },
        );
        const rounds = Array.from({ length: 3 }, () => some.map(() => grouper.chooseTasks([])[0]!));
        assert.deepEqual(
          rounds[0]!.toSorted((a, b) => a - b),
          some,
        );
        assert.deepEqual(rounds[1], rounds[0]);
        assert.deepEqual(rounds[2], rounds[0]);
      }),
    );
  });

  it('begins elsewhere with another seed', () => {
    const firsts = Array.from(
      { length: 60 },
      (_, seed) =>
        make(
          { kind: 'shuffle' },
          { conf: plainShuffle, random: new JavaRandom(Math.imul(seed, 0x9e37_79b1)) },
        ).chooseTasks([])[0],
    );
    assert.equal(new Set(firsts).size, tasks.length);
  });

  it('stays in the container when it is local or shuffle and the container has a target', () => {
    const local = make({ kind: 'local_or_shuffle' }, { conf: plainShuffle });
    const chosen = new Set(Array.from({ length: 20 }, () => local.chooseTasks([])[0]));
    assert.deepEqual([...chosen].sort(), [4, 5]);
    const none = make({ kind: 'local_or_shuffle' }, { conf: plainShuffle, tasks: [6, 7] });
    assert.deepEqual([...new Set(Array.from({ length: 20 }, () => none.chooseTasks([])[0]))].sort(), [6, 7]);
  });
});

describe('the other groupings', () => {
  it('send to all tasks, or to any', () => {
    assert.deepEqual(make({ kind: 'all' }).chooseTasks([]), tasks);
    const none = make({ kind: 'none' });
    assert.deepEqual([...new Set(Array.from({ length: 200 }, () => none.chooseTasks([])[0]))].sort(), tasks);
  });

  it('choose nothing when the subscriber has no tasks', () => {
    const kinds: Grouping[] = [
      { kind: 'fields', fields: ['word'] },
      { kind: 'fields', fields: [] },
      { kind: 'shuffle' },
      { kind: 'local_or_shuffle' },
      { kind: 'none' },
      { kind: 'all' },
    ];
    for (const grouping of kinds) {
      for (const conf of [{}, plainShuffle]) {
        const grouper = make(grouping, { tasks: [], conf });
        grouper.refreshLoads(new Map());
        assert.deepEqual(grouper.chooseTasks(['a', 'b']), []);
      }
    }
  });
});

const places: Readonly<Record<Locality, string>> = {
  worker: 'here:1',
  host: 'here:2',
  rack: 'there:1',
  everything: '',
};

describe('load-aware shuffle grouping', () => {
  it('makes the choices of Storm’s class, given the same random numbers and loads', () => {
    const load = fc.oneof(fc.constantFrom(0, 0.1, 0.2, 0.8, 1), fc.double({ min: 0, max: 1, noNaN: true }));
    const samples = fc.sample(
      fc
        .uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 })
        .map((some) => some.toSorted((a, b) => a - b))
        .chain((some) =>
          fc.record({
            tasks: fc.constant(some),
            localities: fc.tuple(
              ...some.map(() => fc.constantFrom<Locality>('worker', 'host', 'rack', 'everything')),
            ),
            reports: fc.array(fc.tuple(...some.map(() => fc.option(load))), { minLength: 1, maxLength: 8 }),
            seed: fc.integer(),
          }),
        ),
      200,
    );
    // Added up plainly, these have a mean above 0.8 where Java's sum has none.
    samples.push({
      tasks: [1, 2, 3, 4, 5, 6, 7],
      localities: [...Array.from({ length: 6 }, () => 'worker' as const), 'host'],
      reports: [[0.9, 0.7, 0.9, 0.7, 0.9, 0.7, 0]],
      seed: 1,
    });
    const answers = ask<{ scope: string; chosen: number[] }[]>(
      'loadAware',
      samples.map((sample) => ({
        tasks: sample.tasks,
        seed: sample.seed,
        draws: 40,
        places: Object.fromEntries(
          sample.tasks
            .map((task, i) => [task, places[sample.localities[i]!]] as const)
            .filter(([, place]) => place !== ''),
        ),
        reports: sample.reports.map((report) => Object.fromEntries<number>(loadsOf(sample.tasks, report))),
      })),
    );
    samples.forEach((sample, i) => {
      const random = new JavaRandom(0);
      const grouper = new LoadAwareShuffleGrouper(sample.tasks, {
        localityOf: (task) => sample.localities[sample.tasks.indexOf(task)]!,
        higherBound: 0.8,
        lowerBound: 0.2,
        random,
      });
      random.setSeed(sample.seed);
      sample.reports.forEach((report, round) => {
        grouper.refreshLoads(loadsOf(sample.tasks, report));
        const chosen = Array.from({ length: 40 }, () => grouper.chooseTasks()[0]);
        const scope = grouper.scope === 'everything' ? 'EVERYTHING' : `${grouper.scope.toUpperCase()}_LOCAL`;
        assert.deepEqual({ scope, chosen }, answers[i]![round], JSON.stringify({ sample, round }));
      });
    });
  });

  it('keeps to the own container until it is busy', () => {
    const grouper = make({ kind: 'shuffle' });
    const choose = (): number[] =>
      [...new Set(Array.from({ length: 2000 }, () => grouper.chooseTasks([])[0]!))].toSorted((a, b) => a - b);
    assert.deepEqual(choose(), [4, 5]);
    const busy = new Map(tasks.map((task) => [task, 0.9]));
    grouper.refreshLoads(busy);
    assert.deepEqual(choose(), [4, 5, 6]);
    grouper.refreshLoads(busy);
    assert.deepEqual(choose(), tasks);
  });
});

function loadsOf(some: readonly number[], report: readonly (number | null)[]): Map<number, number> {
  return new Map(some.flatMap((task, i) => (report[i] === null ? [] : [[task, report[i]!] as const])));
}
