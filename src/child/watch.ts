import type { Clock } from '../base/index.ts';
import { isSameProcess } from './proc.ts';

const lookEveryMs = 250;

/**
 * Calls `gone` once when a process that is not our child has ended, unless disposed before. The kernel tells
 * only a parent, so this looks at /proc four times a second. How the process ended cannot be known.
 */
export function watchProcess(
  target: { readonly pid: number; readonly processStart: string },
  clock: Clock,
  gone: () => void,
): Disposable {
  let isDone = false;
  const timer = clock.every(lookEveryMs, () => {
    if (isDone || isSameProcess(target.pid, target.processStart)) return;
    isDone = true;
    timer[Symbol.dispose]();
    gone();
  });
  return {
    [Symbol.dispose]() {
      isDone = true;
      timer[Symbol.dispose]();
    },
  };
}
