import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode, silentLog } from '../base/index.ts';
import { CodeDirectories } from '../code/index.ts';
import { readConfText } from '../config/index.ts';
import { MemoryStore } from '../coordination/index.ts';
import { RecordStore } from '../records/index.ts';
import { encode, StormTopology } from '../rpc/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { makeJar, shellTopology } from '../testing/nimbus-fixture.ts';
import { codeFileBytesMax } from '../topology/index.ts';
import type { Inbox } from '../uploads/index.ts';
import { Submissions } from './submission.ts';
import { Topologies } from './topologies.ts';

/** A directory of its own with a jar, and submissions that write there. */
class Bench implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'egret-sizes-'));
  readonly jar = join(this.dir, 'a.jar');
  code!: CodeDirectories;

  async open(): Promise<this> {
    const limits = { bytesMax: 1 << 20, filesMax: 100 };
    this.code = await CodeDirectories.open(join(this.dir, 'stormdist'), limits, silentLog);
    return this;
  }

  /** Answers the id of the topology. */
  async submit(request: { readonly topology?: StormTopology; readonly jsonConf?: string }): Promise<string> {
    writeFileSync(this.jar, makeJar({ 'resources/a': 'x' }));
    const clock = new ManualClock(0);
    const inbox = {
      finished: () => Promise.resolve(this.jar),
      discard: () => Promise.resolve(),
    } as unknown as Inbox;
    const topologies = new Topologies(new RecordStore(new MemoryStore(clock)));
    const logStreams = { settings: () => Promise.reject(new Error('there is no log')) };
    const submissions = new Submissions(
      { clock, log: silentLog, topologies, inbox, code: this.code, logStreams },
      {
        clusterConf: await readConfText(
          '{"topology.workers":1,"topology.message.timeout.secs":30}',
          'cluster',
        ),
        limits: {},
        owner: 'o',
      },
    );
    const { topology = shellTopology(), jsonConf = '{}' } = request;
    const given = { name: 't', jarLocation: 'j', initialStatus: 'ACTIVE' } as const;
    return (await submissions.submit({ ...given, jsonConf, topology })).id;
  }

  [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.dir, { recursive: true });
    return Promise.resolve();
  }
}

function javaTopology(value: Buffer): StormTopology {
  const topology = shellTopology();
  const words = {
    ...topology.spouts.get('words')!,
    spout_object: { kind: 'serialized_java', value } as const,
  };
  return { ...topology, spouts: new Map([['words', words]]) };
}

describe('the files that a submission writes', () => {
  const tooLarge = {
    'conf.json': { jsonConf: `{"mine":"${'x'.repeat(codeFileBytesMax)}"}` },
    'topology.json': {
      // Two bytes each: the bound is of bytes, as it is for those who read.
      topology: shellTopology({ bolt: { json_conf: `{"mine":"${'é'.repeat(codeFileBytesMax / 2)}"}` } }),
    },
    'stormcode.ser': { topology: javaTopology(Buffer.alloc(codeFileBytesMax)) },
  };
  for (const [file, request] of Object.entries(tooLarge)) {
    it(`are refused when ${file} could not be read again, with its size, the bound and what to reduce`, async () => {
      await using bench = await new Bench().open();
      await assert.rejects(bench.submit(request), (error: Error) => {
        assert.equal(errorCode(error), 'TOPOLOGY_INVALID');
        assert.match(
          error.message,
          new RegExp(`topology t: ${file.replace('.', '\\.')} .*16[78]\\d{5} bytes`),
        );
        assert.match(error.message, /more than the 16777216 .*: use /);
        return true;
      });
      assert.deepEqual(await bench.code.ids(), []);
    });
  }

  it('are read again at the largest size that is accepted, however badly they are compressed', async () => {
    await using bench = await new Bench().open();
    const small = await bench.submit({ topology: javaTopology(Buffer.alloc(0)) });
    const others = encode(StormTopology, (await bench.code.readTopology(small))!).length;
    await bench.code.remove(small);
    const largest = randomBytes(codeFileBytesMax - others);
    await assert.rejects(
      bench.submit({ topology: javaTopology(Buffer.concat([largest, Buffer.of(0)])) }),
      /stormcode\.ser .*16777217 bytes/,
    );
    const id = await bench.submit({ topology: javaTopology(largest) });
    assert.equal(encode(StormTopology, (await bench.code.readTopology(id))!).length, codeFileBytesMax);
  });
});
