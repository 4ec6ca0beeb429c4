import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread from a module of this program, whether that runs from its sources or built. `source` is the
 * module's URL with the ending `.ts`: `new URL('./x-thread.ts', import.meta.url)`. The caller ends the
 * thread.
 */
export function startThread(source: URL, options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL(source.href.replace(/\.ts$/, '.js')), options);
  }
  // A loader that was given to the process by --import does not reach its threads: each registers it again.
  // What require resolves is the CommonJS form, which cannot register; the other lies beside it.
  const loader = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/cjs$/, 'mjs'),
  ).href;
  const start = `import(${JSON.stringify(loader)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(source.href)});
  })`;
  return new Worker(start, { ...options, eval: true, execArgv: [] });
}
