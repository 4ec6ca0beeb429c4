import { StringDecoder } from 'node:string_decoder';
import { GatewayError } from '../../../base/index.ts';

const endLine = 'end';
/**
 * How many characters before a chunk may belong to an end line that the chunk completes: line feed, `end`,
 * CR.
 */
const overlapChars = 5;
/** How much of a message is shown when it is at fault. */
const shownCharsMax = 200;

/**
 * Cuts a child's standard output into messages: text up to a line `end` (storm-client 2.8,
 * JsonSerializer.readString). Lines may end in CR LF. A message may span chunks and lines; each chunk is
 * looked through once.
 */
export class MessageFramer {
  readonly #messageBytesMax: number;
  readonly #onMessage: (text: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  /** Pieces of an unfinished message, oldest first. */
  #held: string[] = [];
  #heldChars = 0;
  /** The last characters of what is held. */
  #tail = '';

  constructor(options: { readonly messageBytesMax: number; readonly onMessage: (text: string) => void }) {
    this.#messageBytesMax = options.messageBytesMax;
    this.#onMessage = options.onMessage;
  }

  /** The beginning of an unfinished message, for the error of a child that wrote one and ended. */
  get unfinished(): string {
    return showText(this.#held.join(''));
  }

  /**
   * Passes on every message that `bytes` completes. Throws `CHILD_SPOKE_NONSENSE` for one that is too long.
   */
  feed(bytes: Buffer): void {
    let text = this.#decoder.write(bytes);
    let searchFrom = 0;
    if (this.#held.length > 0) {
      // The end line may have begun in what is held; only its last characters are looked at again.
      searchFrom = this.#heldChars - this.#tail.length;
      if (findEnd(this.#tail + text, 0, searchFrom === 0) === undefined) {
        this.#hold(text);
        return;
      }
      text = this.#held.join('') + text;
      this.#held = [];
      this.#heldChars = 0;
      this.#tail = '';
    }
    let start = 0;
    for (;;) {
      const end = findEnd(text, Math.max(start, searchFrom), start >= searchFrom);
      if (end === undefined) break;
      const message = text.slice(start, end.textEnd);
      start = end.next;
      this.#onMessage(message);
    }
    if (start < text.length) this.#hold(text.slice(start));
  }

  #hold(text: string): void {
    this.#held.push(text);
    this.#heldChars += text.length;
    this.#tail = (this.#tail + text).slice(-overlapChars);
    if (this.#heldChars <= this.#messageBytesMax) return;
    throw new GatewayError(
      'CHILD_SPOKE_NONSENSE',
      `wrote ${this.#heldChars} characters without an "end" line, at most ${this.#messageBytesMax} make a message ` +
        `(egret.shell.message.max.bytes); they begin: ${this.unfinished}`,
      { facts: { heldChars: this.#heldChars, messageBytesMax: this.#messageBytesMax } },
    );
  }
}

/**
 * The first line that is `end`, from `from` on: where the text before it ends and what follows it begins.
 * `atLineStart`: `from` is itself the beginning of a line.
 */
function findEnd(
  text: string,
  from: number,
  atLineStart: boolean,
): { readonly textEnd: number; readonly next: number } | undefined {
  if (atLineStart && text.startsWith(endLine, from)) {
    const next = lineEnd(text, from + endLine.length);
    if (next !== undefined) return { textEnd: from, next };
  }
  for (let at = text.indexOf('\nend', from); at >= 0; at = text.indexOf('\nend', at + 1)) {
    const next = lineEnd(text, at + 1 + endLine.length);
    if (next !== undefined) return { textEnd: at, next };
  }
  return undefined;
}

/** Where the next line begins, if a line ends at `at`. */
function lineEnd(text: string, at: number): number | undefined {
  if (text.charCodeAt(at) === 10) return at + 1;
  return text.charCodeAt(at) === 13 && text.charCodeAt(at + 1) === 10 ? at + 2 : undefined;
}

/** The beginning of a text on one line, for messages. */
export function showText(text: string): string {
  const oneLine = JSON.stringify(text.slice(0, shownCharsMax));
  return text.length > shownCharsMax ? `${oneLine}... (${text.length} characters)` : oneLine;
}
