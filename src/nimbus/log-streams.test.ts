import assert from 'node:assert/strict';
import { GatewayError, type JsonObject, type JsonValue } from '../base/index.ts';
import {
  type Component,
  type LogicalTopology,
  normalizeTopology,
  withDurableStreams,
} from '../topology/index.ts';
import { checkLogStreams } from './log-streams.ts';

const conf: JsonObject = { 'topology.egret.durable.streams': ['a'], 'topology.egret.durable.partitions': 2 };

function topology(): LogicalTopology {
  const java = { implementation: { kind: 'serialized_java' }, conf: {}, parallelismHint: 1 } as const;
  const components: Component[] = [
    {
      ...java,
      id: 'a',
      kind: 'spout',
      inputs: [],
      streams: { default: { fields: ['x', 'y'], direct: false } },
    },
    {
      ...{ ...java, id: 'b', kind: 'bolt', streams: {} },
      inputs: [{ sourceComponentId: 'a', sourceStreamId: 'default', grouping: { kind: 'shuffle' } }],
    },
  ];
  return withDurableStreams(normalizeTopology({ components }, conf), conf, 'words');
}

/** What is said of a topology whose stream lies in the log with these settings. */
async function answer(found: JsonValue | undefined): Promise<string> {
  const settings = (stream: string): Promise<JsonValue> => {
    assert.equal(stream, 'topology-words/a.default.0');
    return found === undefined
      ? Promise.reject(new GatewayError('STREAM_UNKNOWN', 'there is none'))
      : Promise.resolve(found);
  };
  try {
    await checkLogStreams({ settings }, topology(), 'words');
    return 'taken';
  } catch (error) {
    assert(error instanceof GatewayError && error.code === 'TOPOLOGY_INVALID');
    return error.message;
  }
}

describe('checkLogStreams', () => {
  it('takes a stream that is not there, and one that is what the topology takes it for', async () => {
    assert.equal(await answer(undefined), 'taken');
    assert.equal(await answer({ fields: ['x', 'y'], partitions: 2, retentionMs: 5 }), 'taken');
  });

  it('refuses other fields, another number of partitions, and what was made for no topology, naming the remedy', async () => {
    assert.match(
      await answer({ fields: ['x'], partitions: 2 }),
      /with the fields \["x"\], and is submitted with \["x","y"\]/,
    );
    assert.match(
      await answer({ fields: ['x', 'y'], partitions: 1 }),
      /with 1 partitions, and .*partitions is 2/,
    );
    assert.match(
      await answer(null),
      /was not made for a topology.*egret dlog delete topology-words\/a\.default\.0/,
    );
  });

  it('does not take a log that cannot be asked for one without the stream', async () => {
    const settings = (): Promise<JsonValue> => Promise.reject(new GatewayError('STATE_UNAVAILABLE', 'away'));
    await assert.rejects(checkLogStreams({ settings }, topology(), 'words'), { code: 'STATE_UNAVAILABLE' });
  });
});
