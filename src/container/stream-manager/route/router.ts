import type { Logger } from '../../../base/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import { type FrameConsumer, frameCount, frameSource, frameTarget } from '../../../tuple/index.ts';

/** A destination of frames: a task host of this container, or the link to another container. */
export interface Route {
  readonly tasks: readonly TaskId[];
  /** Takes `buffer[start, end)`, copying what it keeps. */
  deliver(buffer: Buffer, start: number, end: number): void;
  /** Called once after the frames of a read: write what was delivered. */
  flush(): void;
}

const noRoute = 0;

/**
 * Sends each DATA frame to the route of its target task, and flushes each route that received one afterwards.
 *
 * Two array look-ups a frame and no allocation. Frames for a task that no route has are counted, and logged
 * once for each task: the sender holds an older or newer plan, or has a fault.
 */
export class Router {
  readonly #log: Logger;
  #refused: FrameConsumer = () => undefined;
  /** Task id -> 1 + index of its route. Invariant: every entry is at most `#routes.length`. */
  #routeOfTask = new Int32Array(0);
  #routes: readonly Route[] = [];
  /** Invariant: 1 exactly for the indexes in `#dirty`. */
  #isDirty = new Uint8Array(0);
  /** Indexes of the routes to flush: [0, #dirtyCount). Invariant: no index occurs twice there. */
  #dirty = new Int32Array(0);
  #dirtyCount = 0;
  #isFlushing = false;
  #droppedTuples = 0;
  readonly #unknownTasks = new Set<TaskId>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Sets who receives each frame that no route takes. */
  watchRefused(refused: FrameConsumer): void {
    this.#refused = refused;
  }

  /** Tuples dropped because no route has their target. */
  get droppedTuples(): number {
    return this.#droppedTuples;
  }

  /** Replaces all routes. Frames delivered so far are flushed first. */
  rebuild(routes: readonly Route[]): void {
    this.flush();
    const lastTask = routes.reduce((last, route) => Math.max(last, ...route.tasks), 0);
    this.#routeOfTask = new Int32Array(lastTask + 1).fill(noRoute);
    routes.forEach((route, index) => {
      for (const task of route.tasks) this.#routeOfTask[task] = index + 1;
    });
    this.#routes = routes;
    this.#isDirty = new Uint8Array(routes.length);
    this.#dirty = new Int32Array(routes.length);
  }

  route(buffer: Buffer, start: number, end: number): void {
    const target = frameTarget(buffer, start);
    // Outside the array, and for a negative target, the look-up is undefined.
    const place = this.#routeOfTask[target];
    if (place === undefined || place === noRoute) {
      this.#drop(buffer, start, target);
      this.#refused(buffer, start, end);
      return;
    }
    const index = place - 1;
    this.#routes[index]!.deliver(buffer, start, end);
    if (this.#isDirty[index] === 0) {
      this.#isDirty[index] = 1;
      this.#dirty[this.#dirtyCount++] = index;
    }
  }

  /**
   * Flushes every route that received frames, including those that receive some from the flush of another.
   */
  flush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      while (this.#dirtyCount > 0) {
        const index = this.#dirty[--this.#dirtyCount]!;
        this.#isDirty[index] = 0;
        this.#routes[index]!.flush();
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  #drop(buffer: Buffer, start: number, target: TaskId): void {
    this.#droppedTuples += frameCount(buffer, start);
    if (this.#unknownTasks.has(target) || this.#unknownTasks.size >= 1000) return;
    this.#unknownTasks.add(target);
    this.#log.warn({ event: 'frame.target-unknown', target, source: frameSource(buffer, start) });
  }
}
