import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  admitUpload,
  endOfUpload,
  type InboxUse,
  inboxFault,
  type OpenUpload,
  type UploadLimits,
} from './upload-rules.ts';

const limits: UploadLimits = {
  ...{ uploadsMax: 8, uploadsPerAddressMax: 4 },
  ...{ idleMs: 600_000, orphanMs: 30_000, wholeMsMax: 3_600_000, yieldMs: 10_000 },
};
const nowMs = 1_000_000;
let count = 0;
const upload = (address: string, stalledMs = 0, more: Partial<OpenUpload> = {}): OpenUpload => ({
  ...{ location: `/inbox/${count++}`, address, bytes: 0, orphanedAtMs: undefined },
  ...{ begunAtMs: nowMs - stalledMs, touchedAtMs: nowMs, progressedAtMs: nowMs - stalledMs },
  ...more,
});
const many = (address: string, stalledMs: readonly number[]): OpenUpload[] =>
  stalledMs.map((ms) => upload(address, ms));
const admit = (open: readonly OpenUpload[], address: string) => admitUpload(open, { address, nowMs }, limits);
const reasonOf = (open: readonly OpenUpload[], address: string): string => {
  const admission = admit(open, address);
  return admission.kind === 'refused' ? admission.reason : admission.kind;
};
const makesRoom = (open: readonly OpenUpload[], address: string): OpenUpload | undefined => {
  const admission = admit(open, address);
  return admission.kind === 'instead-of' ? admission.upload : undefined;
};

describe('which uploads may begin', () => {
  it('refuses an address that has all its places in use, and admits another', () => {
    const open = many('a', [0, 0, 0, 0]);
    assert.match(reasonOf(open, 'a'), /4 uploads from a .*egret\.uploads\.per\.address\.max/);
    assert.equal(admit(open, 'b').kind, 'admitted');
  });

  it("gives the place of an address's most stalled upload to its next one", () => {
    const open = many('a', [0, 11_000, 12_000, 0]);
    assert.equal(makesRoom(open, 'a'), open[2]);
    assert.match(reasonOf(many('a', [0, 9999, 0, 0]), 'a'), /per\.address/);
  });

  it('takes from the address with the most where all places are taken', () => {
    const open = [...many('a', [11_000, 12_000, 13_000, 0]), ...many('b', [50_000, 0]), ...many('c', [0, 0])];
    assert.equal(makesRoom(open, 'd'), open[2]);
    assert.equal(makesRoom(open, 'c'), open[2]);
  });

  it('refuses where all places are taken by uploads that come along', () => {
    const open = [...many('a', [0, 0, 0, 0]), ...many('b', [0, 0, 0, 0])];
    assert.match(reasonOf(open, 'c'), /^8 uploads are open.*egret\.uploads\.max/);
  });

  it('never takes from an address that has no more than the one that asks, nor from an upload that progresses', () => {
    const uploads = fc.array(
      fc.record({ address: fc.constantFrom('a', 'b', 'c', 'd'), stalledMs: fc.nat(20_000) }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(uploads, fc.constantFrom('a', 'b', 'e'), (each, address) => {
        const open = each.map((one) => upload(one.address, one.stalledMs));
        const victim = makesRoom(open, address);
        if (victim === undefined) return;
        const countOf = (who: string): number => open.filter((one) => one.address === who).length;
        assert(nowMs - victim.progressedAtMs >= limits.yieldMs);
        assert(victim.address === address || countOf(victim.address) > countOf(address));
      }),
    );
  });
});

describe('when an upload is over', () => {
  const end = (more: Partial<OpenUpload>): string | undefined =>
    endOfUpload(upload('a', 0, more), nowMs, limits);

  it('is over when no call comes, when it takes too long as a whole, and soon after its connection closed', () => {
    assert.equal(end({}), undefined);
    assert.equal(end({ touchedAtMs: nowMs - 599_999, progressedAtMs: 0 }), undefined);
    assert.match(end({ touchedAtMs: nowMs - 600_000 })!, /received no call/);
    assert.match(end({ begunAtMs: nowMs - 3_600_000 })!, /not finished within/);
    assert.equal(end({ orphanedAtMs: nowMs - 29_999 }), undefined);
    assert.match(end({ orphanedAtMs: nowMs - 30_000 })!, /connection closed/);
  });
});

describe('what the inbox takes', () => {
  const bounds = { filesMax: 10, bytesMax: 1000 };
  const fault = (more: Partial<InboxUse>): string | undefined =>
    inboxFault(
      {
        ...{ finishedFiles: 0, finishedBytes: 0, openBytes: 0, ownBytes: 0, diskBytesFree: 1e9 },
        ...more,
      },
      bounds,
    );

  it('refuses beyond its number of files, its bytes, and half of the disk, naming what to change', () => {
    assert.equal(fault({ finishedFiles: 9, finishedBytes: 500, openBytes: 499, ownBytes: 1 }), undefined);
    assert.match(fault({ finishedFiles: 10 })!, /egret\.inbox\.max\.files/);
    assert.match(fault({ finishedBytes: 500, openBytes: 499, ownBytes: 2 })!, /egret\.inbox\.max\.bytes/);
    assert.match(fault({ finishedBytes: 300, openBytes: 300, diskBytesFree: 599 })!, /599 bytes free/);
    assert.equal(fault({ ownBytes: 600, diskBytesFree: 0 }), undefined);
  });
});
