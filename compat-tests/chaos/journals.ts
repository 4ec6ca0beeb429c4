import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type AckTimes, type Checker, LineReader } from '../../src/testing/chaos/index.ts';

interface Journal {
  readonly component: string;
  readonly task: string;
  readonly file: number;
  readonly lines: LineReader;
}

const chunk = Buffer.alloc(1 << 20);

/** Follows the journals of a run and tells the checker what is new. */
export class Journals {
  readonly #dir: string;
  readonly #checker: Checker;
  readonly #acks: AckTimes;
  readonly #open = new Map<string, Journal>();

  constructor(dir: string, checker: Checker, acks: AckTimes) {
    this.#dir = dir;
    this.#checker = checker;
    this.#acks = acks;
  }

  /** Reads what has come: the spouts' journals before the sinks', as the checker wants it. */
  read(): void {
    for (const name of readdirSync(this.#dir)) {
      const match = /^(.+)-(\d+)\.log$/.exec(name);
      if (match === null || this.#open.has(name)) continue;
      const file = openSync(join(this.#dir, name), 'r');
      this.#open.set(name, { component: match[1]!, task: match[2]!, file, lines: new LineReader() });
    }
    const isSpout = ({ component }: Journal): boolean => component.endsWith('ids');
    const all = [...this.#open.values()];
    for (const journal of [...all.filter(isSpout), ...all.filter((each) => !isSpout(each))])
      this.#follow(journal);
    this.#checker.settle();
  }

  close(): void {
    for (const { file } of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #follow({ component, task, file, lines }: Journal): void {
    for (;;) {
      const bytes = readSync(file, chunk);
      if (bytes === 0) return;
      for (const text of lines.feed(chunk.toString('latin1', 0, bytes))) {
        // what the next process put after the torn line of the one before
        if (text === '') continue;
        const line = this.#checker.line(component, task, text);
        if (line.kind === 'acked') this.#acks.add(`${component}-${task}`, line.atMs);
      }
    }
  }
}
