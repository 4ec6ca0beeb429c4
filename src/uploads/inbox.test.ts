import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError, silentLog, systemClock, systemRandom, waitFor } from '../base/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Inbox, type InboxLimits, type Uploader } from './inbox.ts';

const limits: InboxLimits = {
  ...{ idleMs: 1000, orphanMs: 300, wholeMsMax: 5000, yieldMs: 100, ageMsMax: 10_000 },
  ...{ uploadsMax: 2, uploadsPerAddressMax: 10, fileBytesMax: 10, bytesMax: 1000, filesMax: 100 },
};
/** A connection that stays open. */
const by: Uploader = { remoteAddress: '127.0.0.1', signal: new AbortController().signal };
const isUnknown = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'UPLOAD_UNKNOWN';

describe('Inbox', () => {
  let dir: string;
  let clock: ManualClock;
  let inbox: Inbox;
  const deps = () => ({ clock, random: systemRandom, log: silentLog });
  const open = (): Promise<Inbox> => Inbox.open(dir, limits, deps());
  const files = (): string[] => readdirSync(dir);
  const untilFilesAre = (count: number) =>
    waitFor(`${count} files in the inbox`, () => (files().length === count ? true : undefined), {
      clock: systemClock,
      limitMs: 2000,
    });

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'egret-inbox-'));
    clock = new ManualClock(Date.now());
    inbox = await open();
  });
  afterEach(async () => {
    await inbox.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('keeps the chunks of an upload in the order of the calls, also when they are not waited for', async () => {
    const location = await inbox.begin(by);
    await Promise.all(['a', 'b', 'c'].map((text) => inbox.append(location, Buffer.from(text), by)));
    await inbox.finish(location, by);
    assert.equal(readFileSync(await inbox.finished(location), 'utf8'), 'abc');
    assert.deepEqual(files(), [location.slice(dir.length + 1)]);
  });

  it('knows no location but those of finished files of its own', async () => {
    const open = await inbox.begin(by);
    writeFileSync(join(dir, 'stormjar-x.jar'), '');
    for (const location of [open, join(dir, 'stormjar-x.jar'), `${dir}/../passwd`, '/etc/passwd', '']) {
      await assert.rejects(inbox.finished(location), isUnknown, location);
    }
    await assert.rejects(inbox.append('/etc/passwd', Buffer.from('x'), by), isUnknown);
    await assert.rejects(inbox.finish('/etc/passwd', by), isUnknown);
    await inbox.discard('/etc/hostname');
    assert(readFileSync('/etc/hostname'));
  });

  it('expires an upload that is stalled, and keeps one that progresses', async () => {
    const still = await inbox.begin(by);
    const moving = await inbox.begin(by);
    clock.advance(600);
    await inbox.append(moving, Buffer.from('x'), by);
    clock.advance(600);
    await untilFilesAre(1);
    await assert.rejects(inbox.append(still, Buffer.from('x'), by), isUnknown);
    await inbox.finish(moving, by);
    await inbox.finished(moving);
  });

  it('deletes a finished file that no submission takes', async () => {
    const location = await inbox.begin(by);
    await inbox.finish(location, by);
    const old = (clock.nowMs() - limits.ageMsMax) / 1000;
    utimesSync(location, old, old);
    clock.advance(500);
    await untilFilesAre(0);
  });

  it('ends an upload that grows too large, and leaves nothing of it', async () => {
    const location = await inbox.begin(by);
    await inbox.append(location, Buffer.alloc(10), by);
    await assert.rejects(inbox.append(location, Buffer.alloc(1), by), /larger than 10 bytes/);
    await assert.rejects(inbox.append(location, Buffer.alloc(1), by), isUnknown);
    assert.deepEqual(files(), []);
  });

  it('refuses more uploads at a time than allowed, and takes the next when one ends', async () => {
    const first = await inbox.begin(by);
    await inbox.begin(by);
    await assert.rejects(inbox.begin(by), /2 uploads are open/);
    await inbox.finish(first, by);
    await inbox.begin(by);
  });

  const connection = (remoteAddress = '127.0.0.1'): Uploader & { readonly close: () => void } => {
    const closing = new AbortController();
    return { remoteAddress, signal: closing.signal, close: () => closing.abort() };
  };

  it('gives up an upload soon after its connection closed', async () => {
    const client = connection();
    const location = await inbox.begin(client);
    client.close();
    clock.advance(299);
    assert.equal(files().length, 1);
    clock.advance(200);
    await untilFilesAre(0);
    await assert.rejects(inbox.append(location, Buffer.from('x'), by), isUnknown);
  });

  it('continues an upload of a client that comes back on another connection', async () => {
    const [first, second] = [connection(), connection()];
    const location = await inbox.begin(first);
    await inbox.append(location, Buffer.from('a'), second);
    first.close();
    clock.advance(500);
    second.close();
    clock.advance(200);
    const third = connection();
    await inbox.append(location, Buffer.from('b'), third);
    clock.advance(500);
    third.close();
    await inbox.finish(location, connection());
    assert.equal(readFileSync(await inbox.finished(location), 'utf8'), 'ab');
  });

  it('gives up an upload that trickles when its whole time is over', async () => {
    const location = await inbox.begin(by);
    for (let round = 0; round < 6; round++) {
      await inbox.append(location, Buffer.from('x'), by).catch(() => undefined);
      clock.advance(900);
    }
    await untilFilesAre(0);
  });

  it('makes room for another client where one address has every place and does not use them', async () => {
    const flood = connection('10.0.0.1');
    const held = [await inbox.begin(flood), await inbox.begin(flood)];
    await assert.rejects(inbox.begin(by), /2 uploads are open/);
    clock.advance(100);
    const location = await inbox.begin(by);
    await assert.rejects(inbox.finish(held[0]!, flood), isUnknown);
    await inbox.finish(location, by);
    await inbox.finish(held[1]!, flood);
  });

  it('admits no more than its places, however many clients ask at a time', async () => {
    const begun = await Promise.allSettled(Array.from({ length: 20 }, () => inbox.begin(by)));
    assert.equal(begun.filter(({ status }) => status === 'fulfilled').length, 2);
  });

  it('refuses uploads while too many finished ones wait, and takes them when those are gone', async () => {
    await inbox.close();
    inbox = await Inbox.open(dir, { ...limits, filesMax: 2 }, deps());
    const locations: string[] = [];
    for (let count = 0; count < 2; count++) {
      locations.push(await inbox.begin(by));
      await inbox.finish(locations[count]!, by);
    }
    await assert.rejects(inbox.begin(by), /is full: it holds 2 finished uploads.*delete files there/);
    rmSync(locations[0]!); // by hand
    clock.advance(1000);
    await inbox.finish(await inbox.begin(by), by);
    await inbox.discard(locations[1]!);
    await inbox.begin(by);
  });

  it('refuses bytes beyond what uploads may hold together, and beyond half of the disk', async () => {
    await inbox.close();
    let bytesFree = 1000;
    inbox = await Inbox.open(
      dir,
      { ...limits, bytesMax: 15 },
      { ...deps(), bytesFree: () => Promise.resolve(bytesFree) },
    );
    const first = await inbox.begin(by);
    await inbox.append(first, Buffer.alloc(10), by);
    await inbox.finish(first, by);
    const second = await inbox.begin(by);
    await assert.rejects(inbox.append(second, Buffer.alloc(6), by), /egret\.inbox\.max\.bytes/);
    bytesFree = 9;
    await assert.rejects(inbox.begin(by), /uploads hold 10 bytes and its disk has 9 bytes free/);
  });

  it('says that the disk is full, and leaves nothing of the upload', async () => {
    // The device that is always full: what is written through this handle fails as on a full disk.
    const create = async (path: string) => {
      writeFileSync(path, '');
      return openFile('/dev/full', 'w');
    };
    const full = await Inbox.open(dir, limits, { clock, random: systemRandom, log: silentLog, create });
    const location = await full.begin(by);
    assert.equal(files().length, 1);
    await assert.rejects(full.append(location, Buffer.alloc(1), by), /the disk is full/);
    assert.deepEqual(files(), []);
    await assert.rejects(full.finish(location, by), isUnknown);
    await full.close();
  });

  it('takes uploads when its directory has been deleted', async () => {
    await inbox.begin(by);
    rmSync(dir, { recursive: true });
    const location = await inbox.begin(by);
    await inbox.append(location, Buffer.from('x'), by);
    await inbox.finish(location, by);
    assert.equal(readFileSync(await inbox.finished(location), 'utf8'), 'x');
    assert.deepEqual(
      [dir, location].map((path) => statSync(path).mode & 0o777),
      [0o700, 0o600],
    );
  });

  it('deletes what an earlier gateway left unfinished, and keeps what was finished', async () => {
    const unfinished = await inbox.begin(by);
    const finished = await inbox.begin(by);
    await inbox.finish(finished, by);
    writeFileSync(`${unfinished}.part`, 'half');
    const next = await open();
    assert.deepEqual(files(), [finished.slice(dir.length + 1)]);
    await next.finished(finished);
    await next.close();
  });

  it('gives up open uploads when it is closed', async () => {
    await inbox.begin(by);
    await inbox.close();
    assert.deepEqual(files(), []);
  });
});
