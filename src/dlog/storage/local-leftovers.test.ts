import assert from 'node:assert/strict';
import { join } from 'node:path';
import { seededRandom, silentLog } from '../../base/index.ts';
import { MemoryStore } from '../../coordination/index.ts';
import { opened, turns } from '../../testing/dlog/log-fixture.ts';
import { type DiskCall, SimulatedDisk } from '../../testing/dlog/simulated-disk.ts';
import { permitOf, stream } from '../../testing/dlog/storage-owner.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { DistributedLog } from '../distributed-log.ts';
import type { FileSystem } from './file-system.ts';
import { leftoverAgeMs } from './leftovers.ts';
import { LocalStorage } from './local-storage.ts';

const kinds = ['fences', 'segments', 'marks', 'notes'] as const;

describe('temporary files of the local storage', () => {
  let disk: SimulatedDisk;
  let fs: FileSystem;
  let storage: LocalStorage;
  const [namespace] = stream.split('/') as [string];
  const root = join('/log', stream);

  beforeEach(async () => {
    disk = new SimulatedDisk(seededRandom(1));
    fs = disk.fileSystem({ turn: () => Promise.resolve() });
    storage = new LocalStorage({ directory: '/log', random: seededRandom(1), fs });
    await storage.createStream(stream, null);
    await storage.fence(permitOf(1));
  });

  const temporary = async (): Promise<string[]> => {
    const found = (await fs.names(join('/log', namespace))).map((name) => join('/log', namespace, name));
    for (const kind of kinds)
      for (const name of await fs.names(join(root, kind))) found.push(join(root, kind, name));
    return found.filter((path) => path.includes('/.'));
  };
  /** Makes a call fail where the path is below the stream or beside it. */
  const fail = (call: DiskCall): void => {
    disk.fault = (found) => (found === call ? 'ENOSPC' : undefined);
  };

  for (const call of ['write', 'dataSync', 'rename'] as const)
    it(`are removed when ${call} fails for a note`, async () => {
      fail(call);
      await assert.rejects(storage.putNote(stream, 'subscriber x', 1), { code: 'ENOSPC' });
      assert.deepEqual(await temporary(), []);
    });

  for (const call of ['write', 'dataSync', 'link', 'rename'] as const)
    it(`are removed when ${call} fails for a new stream`, async () => {
      fail(call);
      await assert.rejects(storage.createStream(`${namespace}/other`, null), { code: 'ENOSPC' });
      assert.deepEqual(await temporary(), []);
    });

  for (const call of ['write', 'dataSync', 'link'] as const)
    it(`are removed when ${call} fails for a mark`, async () => {
      fail(call);
      await assert.rejects(storage.truncate(stream, { lssn: 2, entry: 0, slot: 0 }), { code: 'ENOSPC' });
      assert.deepEqual(await temporary(), []);
    });

  it('of writers that died go when the stream changes its owner, and those of living ones stay', async () => {
    const died = '.00000000-0000-4000-8000-00000000000a';
    const living = '.00000000-0000-4000-8000-00000000000b';
    for (const kind of kinds) await (await fs.open(join(root, kind, died), 'create')).close();
    disk.nowMs += leftoverAgeMs;
    for (const kind of kinds) await (await fs.open(join(root, kind, living), 'create')).close();
    const clock = new ManualClock();
    const deps = { storage, store: new MemoryStore(clock), clock, random: seededRandom(2), log: silentLog };
    const writer = await opened(new DistributedLog(deps), stream);
    await turns();
    await writer.close();
    assert.deepEqual((await temporary()).sort(), kinds.map((kind) => join(root, kind, living)).sort());
  });

  it('of streams that were never made or half removed go when the storage opens', async () => {
    await fs.makeDirectory(join('/log', namespace, '.00000000-0000-4000-8000-00000000000a', 'notes'));
    await fs.makeDirectory(join('/log', '.aside', 'kept'));
    await storage.removeLeftovers(leftoverAgeMs - 1);
    assert.equal((await temporary()).length, 1);
    await storage.removeLeftovers(leftoverAgeMs);
    assert.deepEqual(await temporary(), []);
    assert.deepEqual(await fs.names('/log/.aside'), ['kept']);
    assert.deepEqual(await storage.streams(namespace), [stream]);
  });
});
