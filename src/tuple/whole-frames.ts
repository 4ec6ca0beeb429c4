import { type FrameConsumer, FrameReader } from './frames.ts';

/** Passes on the DATA frames of buffers that hold nothing but whole ones, as a slab gives them. */
export function forEachFrame(buffers: readonly Buffer[], dataFrame: FrameConsumer): void {
  const reader = new FrameReader({ dataFrame, controlFrame: () => undefined });
  for (const buffer of buffers) reader.feed(buffer);
}
