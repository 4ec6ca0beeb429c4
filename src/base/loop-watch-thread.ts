import { appendFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import { type LoopWatchThreadData, sharedWords } from './loop-watch.ts';

/*
 * The thread of LoopWatch: looks whether the main thread's event loop still comes round, and writes to the
 * log file when it does not. The main thread cannot write then, so lines do not mix.
 */
const { shared, stuckMs, logFile } = workerData as LoopWatchThreadData;
const words = new Int32Array(shared);
const names = new Map<number, string>();
const lookEveryMs = Math.min(1000, stuckMs / 4);
const framesMax = 8;

parentPort!.on('message', ({ index, name }: { readonly index: number; readonly name: string }) => {
  names.set(index, name);
});

let ticks = -1;
let sinceMs = performance.now();
let isReported = false;
setInterval(() => {
  const seen = Atomics.load(words, sharedWords.ticks);
  const nowMs = performance.now();
  if (seen !== ticks) {
    ticks = seen;
    sinceMs = nowMs;
    isReported = false;
  } else if (nowMs - sinceMs >= stuckMs && !isReported) {
    isReported = true;
    const lastCall = names.get(Atomics.load(words, sharedWords.lastCall)) ?? 'none';
    write({ event: 'loop.stuck', stuckMs: Math.round(nowMs - sinceMs), lastCall });
    findPlace((place) => write({ event: 'loop.stuck-at', lastCall, place }));
  }
}, lookEveryMs);

/**
 * Stops the main thread for an instant at the next place where V8 can stop it. A long regular expression is
 * not one.
 */
function findPlace(found: (place: readonly string[]) => void): void {
  const session = new Session();
  session.connectToMainThread();
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  session.once('Debugger.paused', ({ params }) => {
    const frames = params.callFrames.slice(0, framesMax);
    found(
      frames.map(({ functionName, location }) => {
        const url = urls.get(location.scriptId) ?? '';
        const file = url.slice(url.lastIndexOf('/') + 1);
        return `${functionName === '' ? '(anonymous)' : functionName} ${file}:${location.lineNumber + 1}`;
      }),
    );
    session.post('Debugger.resume', () => session.disconnect());
  });
  session.post('Debugger.enable', () => session.post('Debugger.pause'));
}

function write(fields: { readonly event: string } & Readonly<Record<string, unknown>>): void {
  const line = JSON.stringify({ level: 'error', time: new Date().toISOString(), ...fields });
  try {
    appendFileSync(logFile, `${line}\n`);
  } catch {
    // a full disk: there is no other place to say it
  }
}
