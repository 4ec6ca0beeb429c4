/**
 * uploads: the files that clients send before they submit. A client begins an upload, appends chunks, and
 * finishes it; the file then waits in the inbox until a submission takes it or it expires.
 *
 * Invariants: only finished files carry their final name; the number of open uploads, the bytes of the inbox,
 * and the space that it may use of its disk are bounded; a failed or expired upload leaves no file.
 * Start at upload-rules.ts, which decides; inbox.ts carries the decisions out.
 */
export { Inbox, type Uploader } from './inbox.ts';
