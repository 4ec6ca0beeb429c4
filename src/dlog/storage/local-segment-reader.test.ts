import assert from 'node:assert/strict';
import { seededRandom } from '../../base/index.ts';
import { SimulatedDisk } from '../../testing/dlog/simulated-disk.ts';
import { Owner, permitOf, stream } from '../../testing/dlog/storage-owner.ts';
import { LocalStorage } from './local-storage.ts';
import type { SegmentReader } from './storage.ts';

const entries = 600;
const payload = 'x'.repeat(4000);

describe('a reader of a segment file', () => {
  let reader: SegmentReader;
  let reads: number;

  beforeEach(async () => {
    const disk = new SimulatedDisk(seededRandom(1));
    const fs = disk.fileSystem({ turn: () => Promise.resolve() });
    await fs.makeDirectory('/disk');
    const storage = new LocalStorage({ directory: '/disk/log', random: seededRandom(1), fs });
    await storage.createStream(stream, null);
    const owner = await Owner.open(storage, permitOf(1));
    for (let entry = 0; entry < entries; entry++) await owner.append(payload);
    reader = await storage.openSegment(stream, 1);
    reads = 0;
    disk.fault = (call) => {
      if (call === 'read') reads += 1;
      return undefined;
    };
  });
  afterEach(() => reader.close());

  async function numbers(from: number, bytesMax: number): Promise<number[]> {
    return (await reader.read(from, bytesMax)).map(({ entry }) => entry);
  }

  it('goes back within what it read last without reading the segment from its start', async () => {
    for (let from = 0; from < 500; ) from = (await numbers(from, 64 * 1024)).at(-1)! + 1;
    reads = 0;
    const last = await numbers(510, 64 * 1024);
    assert.equal(last[0], 510);
    assert.equal((await numbers(515, 8192))[0], 515);
    assert.ok(reads < 10, `${reads} reads`);
  });

  it('need not read what its caller had from elsewhere, though it had read on into it', async () => {
    const elsewhere = (await reader.read(0, 64 * 1024)).slice(4);
    const from = elsewhere.at(-1)!.entry + 1;
    for (let next = from; next < 550; ) {
      const more = await reader.read(next, 256 * 1024);
      elsewhere.push(...more);
      next = more.at(-1)!.entry + 1;
    }
    await reader.read(0, 64 * 1024);
    reader.passed(elsewhere);
    reads = 0;
    const next = elsewhere.at(-1)!.entry + 1;
    assert.equal((await numbers(next, 4096))[0], next);
    assert.ok(reads < 5, `${reads} reads`);
  });
});
