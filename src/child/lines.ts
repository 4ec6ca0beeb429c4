import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/**
 * A line longer than this is cut there and its rest is a line of its own, so that no program makes us hold
 * its output.
 */
const lineCharsMax = 8192;

/** Calls `line` with each line of a UTF-8 stream, and with what follows the last newline when it ends. */
export function readLines(stream: Readable, line: (text: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  stream.on('data', (chunk: Buffer) => {
    pending += decoder.write(chunk);
    let from = 0;
    for (let at = pending.indexOf('\n'); at >= 0; at = pending.indexOf('\n', from)) {
      giveInPieces(pending.slice(from, at), line);
      from = at + 1;
    }
    pending = pending.slice(from);
    while (pending.length > lineCharsMax) {
      line(pending.slice(0, lineCharsMax));
      pending = pending.slice(lineCharsMax);
    }
  });
  const finish = (): void => {
    pending += decoder.end();
    if (pending !== '') line(pending);
    pending = '';
  };
  stream.once('end', finish);
  stream.once('close', finish);
  // A broken pipe of a dead program: its exit says all there is to say.
  stream.on('error', finish);
}

/** A list that keeps the newest `max` lines. */
export function keepLast(max: number): { add(line: string): void; readonly lines: readonly string[] } {
  const lines: string[] = [];
  return {
    lines,
    add(line) {
      lines.push(line);
      if (lines.length > max) lines.shift();
    },
  };
}

function giveInPieces(text: string, line: (text: string) => void): void {
  const bare = text.endsWith('\r') ? text.slice(0, -1) : text;
  for (let at = 0; at === 0 || at < bare.length; at += lineCharsMax) line(bare.slice(at, at + lineCharsMax));
}
