import type { DataFrameCursor } from '../../../tuple/index.ts';
import type { AckerLink } from '../emitting/index.ts';

/**
 * The anchors of a tuple as a flat list, four numbers each: root high, root low, edge high, edge low (32-bit
 * halves). Most tuples have one anchor, and a list of small integers is one small object.
 */
export type Anchors = number[];

export const noAnchors: Anchors = [];

const numbersEach = 4;

export function anchorCountOf(anchors: Anchors): number {
  return anchors.length / numbersEach;
}

/** The anchors of the tuple that the cursor stands on. */
export function readAnchors(cursor: DataFrameCursor): Anchors {
  if (cursor.anchorCount === 0) return noAnchors;
  const anchors: Anchors = [];
  for (let i = 0; i < cursor.anchorCount; i++) {
    anchors.push(cursor.rootHi(i), cursor.rootLo(i), cursor.edgeHi(i), cursor.edgeLo(i));
  }
  return anchors;
}

/**
 * Adds an edge to the anchor of every root of `tuple` (Storm BoltOutputCollectorImpl.boltEmit, putXor): one
 * that is there already, from another tuple with the same root, takes the XOR of both.
 */
export function addEdge(anchors: Anchors, tuple: Anchors, edgeHi: number, edgeLo: number): void {
  for (let root = 0; root < tuple.length; root += numbersEach) {
    const at = indexOfRoot(anchors, tuple[root]!, tuple[root + 1]!);
    if (at < 0) {
      anchors.push(tuple[root]!, tuple[root + 1]!, edgeHi, edgeLo);
    } else {
      anchors[at + 2] = anchors[at + 2]! ^ edgeHi;
      anchors[at + 3] = anchors[at + 3]! ^ edgeLo;
    }
  }
}

/** Fails the tree of every root. Without ackers there are no trees. */
export function failTrees(ackers: AckerLink, anchors: Anchors): void {
  if (!ackers.hasAckers) return;
  for (let at = 0; at < anchors.length; at += numbersEach) ackers.fail(anchors[at]!, anchors[at + 1]!);
}

function indexOfRoot(anchors: Anchors, rootHi: number, rootLo: number): number {
  for (let at = 0; at < anchors.length; at += numbersEach) {
    if (anchors[at] === rootHi && anchors[at + 1] === rootLo) return at;
  }
  return -1;
}
