import type { Socket } from 'node:net';

/** Larger answers are written in pieces, so that the server can see whether the client reads. */
const pieceBytes = 128 * 1024;

/**
 * Writes answers in order: small ones together, large ones in pieces. Each write waits until the operating
 * system has taken the one before. Calls `taken` after every write and `done` once, also when the connection
 * is lost.
 */
export function writeAnswers(
  socket: Socket,
  answers: readonly Buffer[],
  { taken, done }: { readonly taken: (bytes: number) => void; readonly done: () => void },
): void {
  const batches = batchesOf(answers);
  const next = (): void => {
    const { value: batch } = batches.next();
    if (batch === undefined || socket.destroyed) {
      done();
      return;
    }
    socket.cork();
    for (const piece of batch.slice(0, -1)) socket.write(piece);
    socket.write(batch.at(-1)!, (error) => {
      if (error == null) taken(batch.reduce((sum, piece) => sum + piece.length, 0));
      next();
    });
    socket.uncork();
  };
  next();
}

function* batchesOf(answers: readonly Buffer[]): Generator<Buffer[], undefined> {
  let batch: Buffer[] = [];
  let bytes = 0;
  for (const answer of answers) {
    for (let at = 0; at < answer.length; ) {
      const piece = answer.subarray(at, at + pieceBytes - bytes);
      batch.push(piece);
      at += piece.length;
      bytes += piece.length;
      if (bytes < pieceBytes) continue;
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
  return undefined;
}
