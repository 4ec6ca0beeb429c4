/**
 * Gives the whole lines of a file that grows; what follows the last newline waits for the rest of its line.
 */
export class LineReader {
  #rest = '';

  feed(text: string): string[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    return lines;
  }
}

/**
 * One line of a task's journal (compat-tests/topologies, Journal.java): `o PID MS;` at each opening, and of a
 * spout `e MS ID ATTEMPT;` before an emit, `a MS ID;` and `f MS ID;` at an ack and a fail, of a sink `s ID;`
 * or `s ID/PART;` before its ack. An id is SOURCE:NUMBER.
 */
export type JournalLine =
  | { readonly kind: 'opened' }
  | { readonly kind: 'emitted'; readonly id: TupleId }
  | { readonly kind: 'acked'; readonly id: TupleId; readonly atMs: number }
  | { readonly kind: 'failed'; readonly id: TupleId }
  | { readonly kind: 'seen'; readonly id: TupleId; readonly part: string }
  | { readonly kind: 'torn' };

export interface TupleId {
  /** The spout's component and task. */
  readonly source: string;
  readonly number: number;
}

const idPattern = /^([^ :/]+):(\d+)$/;

export function parseLine(line: string): JournalLine {
  if (!line.endsWith(';')) return { kind: 'torn' };
  const words = line.slice(0, -1).split(' ');
  const [kind, first, second] = words;
  switch (`${kind}${words.length}`) {
    case 'o3':
      return isCount(first) && isCount(second) ? { kind: 'opened' } : { kind: 'torn' };
    case 'e4':
      return withId(second, first, (id) => (isCount(words[3]) ? { kind: 'emitted', id } : { kind: 'torn' }));
    case 'a3':
      return withId(second, first, (id) => ({ kind: 'acked', id, atMs: Number(first) }));
    case 'f3':
      return withId(second, first, (id) => ({ kind: 'failed', id }));
    case 's2': {
      const slash = first!.indexOf('/');
      const [id, part] = slash < 0 ? [first, ''] : [first!.slice(0, slash), first!.slice(slash + 1)];
      return withId(id, '0', (tuple) => ({ kind: 'seen', id: tuple, part }));
    }
    default:
      return { kind: 'torn' };
  }
}

function withId(
  text: string | undefined,
  ms: string | undefined,
  make: (id: TupleId) => JournalLine,
): JournalLine {
  const match = idPattern.exec(text ?? '');
  return match === null || !isCount(ms)
    ? { kind: 'torn' }
    : make({ source: match[1]!, number: Number(match[2]) });
}

function isCount(text: string | undefined): boolean {
  return /^\d+$/.test(text ?? '');
}
