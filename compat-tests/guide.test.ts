import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { processesUnder } from './processes.ts';
import { eventually } from './records.ts';
import { root } from './target.ts';

const pages = ['first-topology', 'from-storm', 'components', 'durable-streams', 'operating'];

interface Block {
  /** Line of the page on which the commands begin. */
  readonly line: number;
  readonly commands: string;
  /** What the page shows below the commands. */
  readonly shown: string | undefined;
}

/** The commands of docs/guide, typed into one shell in the order of the pages. */
describe('the guide', () => {
  let dir = '';
  let shell: ChildProcess;
  let said = '';
  let ended: string | undefined;
  const done: string[] = [];

  before(async function () {
    if (process.env['EGRET_COMPAT_KIND'] === 'storm') this.skip();
    dir = mkdtempSync(join(tmpdir(), 'egret-guide-'));
    shell = spawn('bash', ['--norc', '-m'], {
      cwd: dir,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, EGRET: root.replace(/\/$/, ''), NIMBUS_PORT: `${await freePort()}` },
    });
    for (const stream of [shell.stdout!, shell.stderr!])
      stream.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
    shell.stdin!.on('error', () => undefined);
    shell.once('exit', (code, signal) => (ended = `the shell ended with ${code ?? signal}`));
    shell.stdin!.write('set -euo pipefail\n');
  });
  after(async () => {
    if (dir === '') return;
    shell.kill('SIGKILL');
    for (const { pid } of processesUnder(dir)) process.kill(pid, 'SIGKILL');
    await eventually('an end of all processes', () => (processesUnder(dir).length === 0 ? true : undefined));
    rmSync(dir, { recursive: true, force: true });
  });

  for (const page of pages)
    it(`says in ${page}.md what happens`, async () => {
      assert.deepEqual(done, pages.slice(0, pages.indexOf(page)), 'an earlier page has failed');
      for (const block of blocksOf(readFileSync(join(root, 'docs', 'guide', `${page}.md`), 'utf8'))) {
        const output = await run(`${page}.md:${block.line}`, block.commands);
        if (block.shown !== undefined)
          assert.match(
            output,
            patternOf(block.shown),
            `${page}.md:${block.line} shows\n${block.shown}\nand the commands printed\n${output}`,
          );
      }
      done.push(page);
    });

  async function run(where: string, commands: string): Promise<string> {
    const file = join(dir, '.block');
    const mark = `-- end of ${where}`;
    writeFileSync(file, commands);
    said = '';
    shell.stdin!.write(`source ${file} < /dev/null; echo '${mark}'\n`);
    await eventually(`the end of the commands at ${where}`, () =>
      said.includes(mark) || ended !== undefined ? true : undefined,
    ).catch((error: unknown) => assert.fail(`${String(error)}\n${commands}\n${said}`));
    assert.equal(ended, undefined, `${where}: ${ended}\n${commands}\n${said}`);
    return stripVTControlCharacters(said.slice(0, said.indexOf(mark)));
  }
});

/** The sh blocks of a page, each with the text block that follows it directly. */
function blocksOf(page: string): Block[] {
  const fences = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return fences.flatMap((fence, index) => {
    if (fence[1] !== 'sh') return [];
    const next = fences[index + 1];
    const isBelow =
      next?.[1] === 'text' && page.slice(fence.index + fence[0].length, next.index).trim() === '';
    return [
      {
        line: page.slice(0, fence.index).split('\n').length + 1,
        commands: fence[2]!,
        shown: isBelow ? next[2] : undefined,
      },
    ];
  });
}

/**
 * Numbers may differ, and the name behind the last column of a table; spaces may be more or fewer. A line
 * `...` stands for any lines, and `...` within a line for any text.
 */
function patternOf(shown: string): RegExp {
  const lines = shown.trimEnd().split('\n');
  const patterns = lines.map((line) => {
    if (line === '...') return '(?:.*\\n)*?';
    const words = line
      .trim()
      .split(/\s+/)
      .map((word) => {
        if (word === '...') return '.*';
        if (/^-+$/.test(word)) return '-+';
        return word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\d+/g, '\\d+');
      });
    return `[ \\t]*${words.join('[ \\t]+')}[ \\t]*\\n`;
  });
  return new RegExp(`^(?:.*\\n)*?${patterns.join('')}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
