import { describeError } from '../base/index.ts';
import { formatPosition, type TailRecord } from '../dlog-client/index.ts';
import type { LogPlace } from '../topology/index.ts';
import {
  decodeValues,
  isContinuation,
  type JsonRules,
  RecordCursor,
  RecordJoiner,
  valuesToJson,
} from '../tuple/index.ts';

/** The source of the tuples of a durable stream. */
export interface TupleOrigin {
  readonly place: LogPlace;
  /** Tasks of the emitting component in order; undefined while the topology does not run. */
  readonly tasks: readonly number[] | undefined;
}

/** A tuple to print. `values` is JSON. */
interface ShownTuple {
  readonly dlsn: string;
  readonly time: string | null;
  readonly component: string;
  readonly stream: string;
  /** `index` counts within the tasks of its component. */
  readonly task: number | null;
  readonly index: number;
  readonly values: string;
}

/** Length limit for the values of one tuple in text output. */
const textCharactersMax = 2000;
const dateMsMax = 8.64e15;

/** Bytes appear marked as bytes; values that only Java can read appear with their class. */
const rules: JsonRules = {
  bytes: (value) => JSON.stringify({ base64: base64(value) }),
  notFinite: (value) => JSON.stringify(String(value)),
  opaque: ({ className, codec, bytes }) =>
    JSON.stringify({ unknownClass: className, codec, base64: base64(bytes) }),
};

/**
 * Converts the records of a durable stream to lines, one for each tuple. A tuple that spans several records
 * appears with the last. A record without tuples becomes a line that says so.
 */
export class TupleLines {
  readonly #origin: TupleOrigin;
  readonly #isJson: boolean;
  readonly #note: (text: string) => void;
  readonly #joiner = new RecordJoiner();
  readonly #cursor = new RecordCursor();
  #isFirst = true;

  /** `note` receives a message about records that are left out. */
  constructor(
    origin: TupleOrigin,
    { isJson, note }: { readonly isJson: boolean; readonly note: (text: string) => void },
  ) {
    this.#origin = origin;
    this.#isJson = isJson;
    this.#note = note;
  }

  linesOf(record: TailRecord): Buffer {
    const dlsn = formatPosition(record.position);
    if (this.#isFirst && isContinuation(record.payload))
      this.#note(`the tuple that ${dlsn} is a part of begins before it and is left out`);
    this.#isFirst = false;
    let text = '';
    try {
      const cut = this.#joiner.brokenRuns;
      const whole = this.#joiner.take(record.payload);
      if (this.#joiner.brokenRuns > cut)
        this.#note(`before ${dlsn} a tuple of several records has no end: its writer died, it is left out`);
      if (whole === undefined) return Buffer.alloc(0);
      this.#cursor.open(whole);
      while (this.#cursor.next()) text += this.#line(this.#shown(record));
    } catch (error) {
      text += this.#broken(record, error);
    }
    return Buffer.from(text);
  }

  #shown({ position, transactionId }: TailRecord): ShownTuple {
    const { payload, valuesStart, valuesEnd, place: index } = this.#cursor;
    const { componentId: component, streamId: stream } = this.#origin.place;
    const values = valuesToJson(decodeValues(payload, valuesStart, valuesEnd), rules);
    const { tasks } = this.#origin;
    // A tuple of an older submission with more tasks reaches consumers as one of the existing tasks.
    const task = tasks?.[index % tasks.length] ?? null;
    const dlsn = formatPosition(position);
    return { dlsn, time: timeText(transactionId), component, stream, task, index, values };
  }

  #line({ values, ...rest }: ShownTuple): string {
    if (this.#isJson) return `${JSON.stringify(rest).slice(0, -1)},"values":${values}}\n`;
    const { dlsn, time, component, stream, task, index } = rest;
    const source = shownText(`${component}.${stream}`);
    return `${dlsn}\t${time ?? '-'}\t${source}\t${task ?? `#${index}`}\t${shownValues(values)}\n`;
  }

  #broken({ position, transactionId, payload }: TailRecord, error: unknown): string {
    const dlsn = formatPosition(position);
    const time = timeText(transactionId);
    const text = describeError(error);
    if (!this.#isJson) return `${dlsn}\t${time ?? '-'}\tno tuple: ${shownText(text)}\n`;
    return `${JSON.stringify({ dlsn, time, noTuple: text, base64: base64(payload) })}\n`;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Transaction ids of a durable stream are times in milliseconds. */
function timeText(transactionId: bigint): string | null {
  const ms = Number(transactionId);
  return Math.abs(ms) <= dateMsMax ? new Date(ms).toISOString() : null;
}

function shownValues(values: string): string {
  if (values.length <= textCharactersMax) return shownText(values);
  return `${shownText(values.slice(0, textCharactersMax))}... (${values.length} characters, --json has all)`;
}

/** One line without terminal control characters. */
function shownText(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
  ).join('');
}
