import { type ChildProcess, fork } from 'node:child_process';
import type { AttackJob, Progress } from './attacker.ts';

/** A process that attacks. It ends with this one, however that ends. */
export class AttackerProcess {
  progress: Progress = { sent: 0, connections: 0 };
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;
  #hasEnded = false;

  constructor(job: AttackJob) {
    this.#process = fork(new URL('./attacker.ts', import.meta.url), [JSON.stringify(job)], {
      execArgv: ['--import=tsx'],
    });
    this.#process.on('message', (message) => {
      this.progress = message as Progress;
    });
    this.#ended = new Promise((resolve) =>
      this.#process.once('exit', (code) => {
        this.#hasEnded = true;
        resolve(code);
      }),
    );
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Asks it to end and waits. Throws when it did not end in order. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#process.send('stop');
    await this.done();
  }

  /** Waits until it has done what it was made for. */
  async done(): Promise<void> {
    const code = await this.#ended;
    if (code !== 0) throw new Error(`a process of the attack ended with ${code}`);
  }
}
