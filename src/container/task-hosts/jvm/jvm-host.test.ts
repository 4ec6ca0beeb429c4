import { strict as assert } from 'node:assert';
import { JvmContainers } from '../../../testing/jvm-containers.ts';

describe('JvmHost', function () {
  this.timeout(90_000);
  let containers: JvmContainers | undefined;

  afterEach(async () => {
    await containers?.close();
    containers = undefined;
  });

  it('carries every tuple of an acked topology between two JVMs exactly once', async () => {
    const tuples = 5000;
    containers = new JvmContainers({
      kind: 'acked',
      conf: {
        'test.tuples': tuples,
        'topology.acker.executors': 2,
        'topology.max.spout.pending': 500,
        'topology.workers': 2,
      },
      place: ({ taskId }) => 1 + (taskId % 2),
    });
    await containers.start();
    containers.plan();
    const spouts = await containers.until(
      'both spouts to be done',
      () => {
        const done = [...containers!.results()].filter(([name]) => name.startsWith('words-'));
        return done.length === 2 ? done.map(([, result]) => result) : undefined;
      },
      60_000,
    );
    for (const spout of spouts) assert.deepEqual(spout, { emitted: tuples, acked: tuples, failed: 0 });
    await Promise.all([...containers.hosts.values()].map((host) => host.stop(5000)));
    const results = containers.results();
    assert.equal(sumOf(results, 'count-', 'words'), 2 * tuples);
    assert.deepEqual(results.get('unwrap-7'), { tuples: 2 * tuples, words: 2 * tuples });
    assert.ok(containers.routedTuples > 2 * tuples);
  });
});

function sumOf(results: ReturnType<JvmContainers['results']>, prefix: string, field: string): number {
  let sum = 0;
  for (const [name, result] of results) {
    if (!name.startsWith(prefix)) continue;
    for (const count of Object.values(result[field] as Record<string, number>)) sum += count;
  }
  return sum;
}
