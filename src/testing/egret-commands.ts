import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EgretCommand } from './egret-command.ts';

/** A directory, and the commands that a test starts on it: both gone when it is over. */
export class EgretCommands implements AsyncDisposable {
  readonly dir: string;
  readonly #started: EgretCommand[] = [];

  constructor(name: string) {
    this.dir = mkdtempSync(join(tmpdir(), `egret-${name}-`));
  }

  start(args: readonly string[], input: 'ignore' | 'pipe' = 'ignore'): EgretCommand {
    const each = new EgretCommand(args, input);
    this.#started.push(each);
    return each;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#started) {
      if (each.process.exitCode === null && each.process.signalCode === null) each.process.kill('SIGTERM');
      await each.ended;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}
