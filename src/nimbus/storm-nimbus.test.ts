import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { JsonObject } from '../base/index.ts';
import { normalizeConf } from '../code/index.ts';
import { readConfText, readConfValues } from '../config/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { openNimbusFixture, shellTopology } from '../testing/nimbus-fixture.ts';
import { askOracle } from '../testing/oracle.ts';
import type { TopologyStatus } from '../topology/index.ts';
import { stepTopology, type TopologyEvent } from './lifecycle.ts';
import { isTopologyName } from './submission-checks.ts';

const className = fc.constantFrom('a.B', 'c.D', 'e.F');
const serializers = fc.array(fc.oneof(className, fc.dictionary(className, className, { maxKeys: 2 })), {
  maxLength: 3,
});
const reporters = fc.array(fc.record({ class: className }), { maxLength: 2 });
const optional: { requiredKeys: [] } = { requiredKeys: [] };

const componentConf = fc.record(
  {
    'topology.kryo.register': serializers,
    'topology.kryo.decorators': fc.array(className, { maxLength: 2 }),
    other: fc.nat(),
  },
  optional,
);
const topologyConf = fc.record(
  {
    'topology.kryo.register': serializers,
    'topology.kryo.decorators': fc.array(className, { maxLength: 2 }),
    'topology.acker.executors': fc.option(fc.nat(5)),
    'topology.eventlogger.executors': fc.option(fc.nat(5)),
    'topology.max.task.parallelism': fc.option(fc.nat(5)),
    'topology.metrics.reporters': reporters,
    'storm.metrics.reporters': reporters,
    'topology.worker.timeout.secs': fc.integer({ min: 1, max: 2000 }),
    'storm.messaging.netty.authentication': fc.boolean(),
    'topology.worker.nimbus.thrift.client.use.tls': fc.boolean(),
    'nimbus.thrift.client.use.tls': fc.boolean(),
    'worker.metrics': fc.constant({ mine: 'x' }),
    'storm.cgroup.hierarchy.dir': fc.constant('/mine'),
    other: fc.jsonValue(),
  },
  optional,
);
const clusterConf = fc.record(
  {
    'topology.kryo.register': serializers,
    'topology.kryo.decorators': fc.array(className, { maxLength: 2 }),
    'topology.acker.executors': fc.nat(5),
    'topology.max.task.parallelism': fc.nat(5),
    'storm.topology.metrics.system.reporters': reporters,
    'storm.metrics.reporters': reporters,
    'storm.messaging.netty.authentication': fc.boolean(),
  },
  optional,
);

/** Written by submitTopologyWithOpts around Storm's normalizeConf. */
const addedOutside = [
  'storm.id',
  'topology.name',
  'topology.submitter.principal',
  'topology.submitter.user',
  'topology.users',
];

function seedOfRun(): number {
  return Number(process.env['SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
}

/**
 * Decorators come out of a Java set, in no order. Storm adds the cluster's reporters to the very list that
 * the deprecated `storm.metrics.reporters` holds, so that one shows them too; nothing reads it any more.
 */
function comparable(conf: JsonObject): JsonObject {
  const rest = Object.fromEntries(Object.entries(conf).filter(([key]) => key !== 'storm.metrics.reporters'));
  const decorators = (conf['topology.kryo.decorators'] as readonly string[] | undefined) ?? [];
  return { ...rest, 'topology.kryo.decorators': decorators.toSorted() };
}

describe("what Storm's Nimbus does", () => {
  it('is done to a configuration', async () => {
    const defaults = JSON.parse(
      readFileSync(new URL('../../build/storm-defaults.json', import.meta.url), 'utf8'),
    ) as JsonObject;
    const seed = seedOfRun();
    const cases = fc.sample(fc.tuple(clusterConf, topologyConf, fc.array(componentConf, { maxLength: 1 })), {
      numRuns: 500,
      seed,
    });
    const questions = cases.map(([cluster, topology, components]) => ({
      cluster: JSON.stringify({ ...defaults, ...cluster }),
      topology: JSON.stringify(topology),
      components: components.map((conf) => JSON.stringify(conf)),
    }));
    const answers = askOracle('NimbusOracle', { normalize: questions }) as JsonObject[];
    for (const [index, question] of questions.entries()) {
      const normalized = normalizeConf({
        id: 'id',
        name: 'name',
        owner: 'me',
        clusterConf: await readConfText(question.cluster, 'cluster'),
        conf: await readConfText(question.topology, 'topology'),
        componentConfs: await Promise.all(question.components.map((text) => readConfText(text, 'component'))),
      });
      const values = Object.fromEntries(
        Object.entries(readConfValues(normalized)).filter(([key]) => !addedOutside.includes(key)),
      );
      const what = `seed ${seed}: ${JSON.stringify(cases[index])}`;
      assert.deepEqual(comparable(values), comparable(answers[index]!), what);
    }
  });

  it('is asked of a name', () => {
    const seed = seedOfRun();
    const names = fc.sample(
      fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', '/', '.', ':', '\\', ' ', '\n', 'ä') }),
      ),
      { numRuns: 500, seed },
    );
    const verdicts = askOracle('NimbusOracle', { names }) as (string | null)[];
    for (const [index, name] of names.entries()) {
      // A NUL or too many bytes cannot name a directory: Storm takes the name and fails later.
      if (name.includes('\0')) continue;
      assert.equal(isTopologyName(name), verdicts[index] === null, `seed ${seed}: ${JSON.stringify(name)}`);
    }
  });

  it('is accepted of a topology, in each status', () => {
    const accepted = askOracle('NimbusOracle', { transitions: true }) as Record<string, string[]>;
    const events: Record<string, TopologyEvent> = {
      ACTIVATE: { kind: 'activate' },
      INACTIVATE: { kind: 'deactivate' },
      KILL: { kind: 'kill', removeAtMs: 1 },
      REBALANCE: { kind: 'rebalance', asked: { dueAtMs: 1 } },
      DO_REBALANCE: { kind: 'rebalanced' },
    };
    for (const [status, byStorm] of Object.entries(accepted)) {
      const record = {
        id: 'a-1-1',
        name: 'a',
        status: status as TopologyStatus,
        owner: 'me',
        launchedAtSecs: 1,
        workers: 1,
      };
      const byUs = Object.keys(events).filter(
        (event) => stepTopology(record, events[event]!).kind !== 'refused',
      );
      assert.deepEqual(byUs.sort(), byStorm.filter((event) => event in events).sort(), status);
    }
  });

  it('can be read by a supervisor of Storm', async () => {
    await using nimbus = await openNimbusFixture(new ManualClock());
    const id = await nimbus.submit({
      name: 'words',
      conf: '{"big": 9007199254740993, "double": 10.0, "nan": NaN, "topology.workers": 2}',
      topology: shellTopology({ bolt: { json_conf: '{"topology.tasks": 6, "big": 9007199254740993}' } }),
    });
    const codeDir = join(nimbus.localDir, 'supervisor', 'stormdist', id);
    const read = askOracle('NimbusOracle', { codeDir }) as string;
    assert.match(
      read,
      /"count":\{"big":9007199254740993,"topology\.tasks":6\}|"count":\{"topology\.tasks":6,"big":9007199254740993\}/,
    );
    assert.match(read, /"words":\{"topology\.tasks":1\}/);
    assert.match(read, /"conf":\{.*"big":9007199254740993.*/);
    assert.match(read, /"double":10\.0/);
  });
});
