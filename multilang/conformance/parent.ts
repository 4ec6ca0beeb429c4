import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Adapter, Kind } from './adapters.ts';
import { faultIn } from './schema.ts';

/** A message of the child: its parsed form, and its text for what JavaScript numbers cannot hold. */
export interface Received {
  readonly message: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The tasks that the parent says an emit went to. */
export const taskIds: readonly number[] = [4, 5];

const limitMs = 10_000;

/**
 * The parent's side of the conversation: starts an adapter's probe and holds each message it writes to the
 * schema.
 */
export class Parent {
  readonly pidDir: string;
  stderr = '';
  readonly #child: ChildProcess;
  readonly #kind: Kind;
  readonly #received: Received[] = [];
  #output = '';
  #isPromptly = true;
  #wake: () => void = () => undefined;
  #exit: Exit | undefined;
  #fault: Error | undefined;
  readonly #ended: Promise<void>;

  /** Those not known to have ended. */
  static readonly #alive = new Set<Parent>();

  constructor(adapter: Adapter, kind: Kind) {
    this.pidDir = mkdtempSync(join(tmpdir(), 'egret-conformance-'));
    this.#kind = kind;
    const [command, ...args] = adapter.command(kind);
    this.#child = spawn(command!, args, { env: { ...process.env, ...adapter.env }, stdio: 'pipe' });
    this.#child.stdin!.on('error', () => undefined); // a child may die early; tests check its exit
    this.#child.stdout!.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    this.#child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
    });
    this.#child.on('error', (error) => {
      Parent.#alive.delete(this);
      this.#fault = error;
      this.#wake();
    });
    Parent.#alive.add(this);
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
    this.#child.on('close', (code, signal) => {
      Parent.#alive.delete(this);
      this.#exit = { code, signal };
      rmSync(this.pidDir, { recursive: true, force: true });
      this.#wake();
    });
  }

  /** Starts a probe and does the handshake with it. */
  static async start(
    adapter: Adapter,
    kind: Kind,
    conf: Readonly<Record<string, unknown>> = {},
  ): Promise<Parent> {
    const parent = new Parent(adapter, kind);
    parent.send(parent.handshake(conf));
    parent.expectKeys(await parent.next(), ['pid']);
    return parent;
  }

  handshake(conf: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const context = { 'task->component': { '3': 'probe' }, taskid: 3, componentid: 'probe' };
    return { pidDir: this.pidDir, conf, context };
  }

  get pid(): number {
    return this.#child.pid!;
  }

  send(message: unknown): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(json: string): void {
    this.sendBytes(`${json}\nend\n`);
  }

  sendBytes(bytes: string | Uint8Array): void {
    this.#child.stdin!.write(bytes);
  }

  sendTuple(id: string, ...values: readonly unknown[]): void {
    this.send({ id, comp: 'source', stream: 'default', task: 2, tuple: values });
  }

  /** From now on emits that ask for task ids get no answer until `answer` gives one. */
  holdAnswers(): void {
    this.#isPromptly = false;
  }

  answer(): void {
    this.send(taskIds);
  }

  /** The child's next message. Throws when it ends or keeps silent instead, with its stderr. */
  async next(): Promise<Received> {
    await this.#until(() => this.#received.length > 0 || this.#exit !== undefined, 'a message');
    const received = this.#received.shift();
    if (received === undefined) throw new Error(`expected a message, the child ended: ${this.stderr}`);
    return received;
  }

  /** The child's messages up to and with the first whose command is the one named. */
  async nextUntil(command: string): Promise<readonly Record<string, unknown>[]> {
    const messages: Record<string, unknown>[] = [];
    for (;;) {
      const { message } = await this.next();
      messages.push(message);
      if (message['command'] === command) return messages;
    }
  }

  /** Ends the child's input. */
  endInput(): void {
    this.#child.stdin!.end();
  }

  /** Stops reading, as a parent that died does. */
  closeOutput(): void {
    this.#child.stdout!.destroy();
  }

  /** Returns how the child ended; `rest` holds the messages that no test has taken. */
  async exit(): Promise<Exit & { readonly rest: readonly Record<string, unknown>[] }> {
    await this.#until(() => this.#exit !== undefined, 'the end of the child');
    return { ...this.#exit!, rest: this.#received.splice(0).map(({ message }) => message) };
  }

  /** Ends what is left by force. For `afterEach`, so that a failed test leaves nothing behind. */
  static async endAll(): Promise<void> {
    const left = [...Parent.#alive];
    for (const parent of left) parent.#child.kill('SIGKILL');
    await Promise.all(left.map((parent) => parent.#ended));
  }

  expectKeys({ message }: Received, keys: readonly string[]): void {
    const found = Object.keys(message);
    if (found.join() !== keys.join())
      throw new Error(`expected ${keys.join()}, got ${JSON.stringify(message)}`);
  }

  #take(chunk: string): void {
    const texts = (this.#output + chunk).split('\nend\n');
    this.#output = texts.pop()!;
    for (const text of texts) this.#takeMessage(text);
    this.#wake();
  }

  #takeMessage(text: string): void {
    let message: Record<string, unknown>;
    try {
      // the words that stand for NaN and infinities are no JSON; tests look for them in the text
      message = JSON.parse(text.replaceAll(/(?<=[[,:]\s*)(?:NaN|-?Infinity)(?=\s*[\],}])/g, '0')) as Record<
        string,
        unknown
      >;
    } catch {
      this.#fault = new Error(`the child wrote something that is no JSON: ${text}`);
      return;
    }
    const command = message['command'];
    const definition = this.#definitionOf(command);
    const fault = faultIn(definition, message);
    if (fault !== undefined) this.#fault = new Error(`${text} is no ${definition}: ${fault}`);
    this.#received.push({ message, text });
    if (this.#isPromptly && asksForTaskIds(message)) this.answer();
  }

  #definitionOf(command: unknown): string {
    if (command === 'emit') return this.#kind === 'spout' ? 'SpoutEmit' : 'BoltEmit';
    if (command === undefined) return 'HandshakeReply';
    return 'MessageFromChild';
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    const timer = setTimeout(() => {
      this.#fault ??= new Error(`waited ${limitMs} ms for ${what}; stderr: ${this.stderr}`);
      this.#wake();
    }, limitMs);
    try {
      while (!isThere() && this.#fault === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
    if (this.#fault !== undefined) throw this.#fault;
  }
}

function asksForTaskIds(message: Readonly<Record<string, unknown>>): boolean {
  return message['command'] === 'emit' && !message['task'] && message['need_task_ids'] !== false;
}
