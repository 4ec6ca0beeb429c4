import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError, silentLog, systemClock, systemRandom, waitFor } from '../base/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Inbox, type InboxLimits } from './inbox.ts';

const limits: InboxLimits = { idleMs: 1000, ageMsMax: 10_000, uploadsMax: 2, fileBytesMax: 10 };
const isUnknown = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'UPLOAD_UNKNOWN';

describe('Inbox', () => {
  let dir: string;
  let clock: ManualClock;
  let inbox: Inbox;
  const open = (): Promise<Inbox> => Inbox.open(dir, limits, { clock, random: systemRandom, log: silentLog });
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
    const location = await inbox.begin();
    await Promise.all(['a', 'b', 'c'].map((text) => inbox.append(location, Buffer.from(text))));
    await inbox.finish(location);
    assert.equal(readFileSync(await inbox.finished(location), 'utf8'), 'abc');
    assert.deepEqual(files(), [location.slice(dir.length + 1)]);
  });

  it('knows no location but those of finished files of its own', async () => {
    const open = await inbox.begin();
    writeFileSync(join(dir, 'stormjar-x.jar'), '');
    for (const location of [open, join(dir, 'stormjar-x.jar'), `${dir}/../passwd`, '/etc/passwd', '']) {
      await assert.rejects(inbox.finished(location), isUnknown, location);
    }
    await assert.rejects(inbox.append('/etc/passwd', Buffer.from('x')), isUnknown);
    await assert.rejects(inbox.finish('/etc/passwd'), isUnknown);
    await inbox.discard('/etc/hostname');
    assert(readFileSync('/etc/hostname'));
  });

  it('gives up an upload that stands still, and leaves one alone that moves', async () => {
    const still = await inbox.begin();
    const moving = await inbox.begin();
    clock.advance(600);
    await inbox.append(moving, Buffer.from('x'));
    clock.advance(600);
    await untilFilesAre(1);
    await assert.rejects(inbox.append(still, Buffer.from('x')), isUnknown);
    await inbox.finish(moving);
    await inbox.finished(moving);
  });

  it('deletes a finished file that nobody takes', async () => {
    const location = await inbox.begin();
    await inbox.finish(location);
    const old = (clock.nowMs() - limits.ageMsMax) / 1000;
    utimesSync(location, old, old);
    clock.advance(500);
    await untilFilesAre(0);
  });

  it('ends an upload that grows too large, and leaves nothing of it', async () => {
    const location = await inbox.begin();
    await inbox.append(location, Buffer.alloc(10));
    await assert.rejects(inbox.append(location, Buffer.alloc(1)), /larger than 10 bytes/);
    await assert.rejects(inbox.append(location, Buffer.alloc(1)), isUnknown);
    assert.deepEqual(files(), []);
  });

  it('refuses more uploads at a time than allowed, and takes the next when one ends', async () => {
    const first = await inbox.begin();
    await inbox.begin();
    await assert.rejects(inbox.begin(), /2 uploads are open/);
    await inbox.finish(first);
    await inbox.begin();
  });

  it('says that the disk is full, and leaves nothing of the upload', async () => {
    // The device that is always full: what is written through this handle fails as on a full disk.
    const create = async (path: string) => {
      writeFileSync(path, '');
      return openFile('/dev/full', 'w');
    };
    const full = await Inbox.open(dir, limits, { clock, random: systemRandom, log: silentLog, create });
    const location = await full.begin();
    assert.equal(files().length, 1);
    await assert.rejects(full.append(location, Buffer.alloc(1)), /the disk is full/);
    assert.deepEqual(files(), []);
    await assert.rejects(full.finish(location), isUnknown);
    await full.close();
  });

  it('takes uploads when its directory has been deleted', async () => {
    await inbox.begin();
    rmSync(dir, { recursive: true });
    const location = await inbox.begin();
    await inbox.append(location, Buffer.from('x'));
    await inbox.finish(location);
    assert.equal(readFileSync(await inbox.finished(location), 'utf8'), 'x');
    assert.deepEqual(
      [dir, location].map((path) => statSync(path).mode & 0o777),
      [0o700, 0o600],
    );
  });

  it('deletes what an earlier gateway left unfinished, and keeps what was finished', async () => {
    const unfinished = await inbox.begin();
    const finished = await inbox.begin();
    await inbox.finish(finished);
    writeFileSync(`${unfinished}.part`, 'half');
    const next = await open();
    assert.deepEqual(files(), [finished.slice(dir.length + 1)]);
    await next.finished(finished);
    await next.close();
  });

  it('gives up open uploads when it is closed', async () => {
    await inbox.begin();
    await inbox.close();
    assert.deepEqual(files(), []);
  });
});
