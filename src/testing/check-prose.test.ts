import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/check-prose.mjs', import.meta.url));

describe('scripts/check-prose.mjs', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'egret-prose-'));
    spawnSync('git', ['init', '-q'], { cwd: root });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const check = (...flags: string[]): { readonly status: number | null; readonly err: string } => {
    const { status, stderr } = spawnSync(process.execPath, [script, ...flags], {
      ...{ encoding: 'utf8', env: { ...process.env, EGRET_PROSE_ROOT: root } },
    });
    return { status, err: stderr };
  };
  /** What the check says about some files, without its summary lines. */
  const faultsOf = (files: Readonly<Record<string, string>>): readonly string[] => {
    for (const [path, text] of Object.entries(files)) write(path, text);
    const { status, err } = check();
    const faults = err.split('\n').filter((line) => /:\d+: /.test(line));
    assert.equal(status, faults.length === 0 ? 0 : 1, err);
    return faults;
  };

  it('names file, line, word and the better word of a bad comment', () => {
    assert.deepEqual(
      faultsOf({
        'src/bad.ts': 'export const a = 1;\n// The writer heeds the limit.\n',
        'src/good.ts': '/** The writer obeys the limit. */\nexport const a = 1;\n',
      }),
      ['src/bad.ts:2: "heeds": better obey, apply, respect'],
    );
  });

  it('reads comments, doc strings and messages of every language, and Markdown', () => {
    const files = {
      'a.ts': "throw new Error('cannot append: it goes on later');",
      'b.ts': `const a = \`\${b} is told what \${c} has\`;`,
      'c.mjs': 'const a = /\\/\\/ heed/; // heed',
      'A.java': '/**\n * Waits for\n * ever.\n */\nclass A {}',
      'B.java': 'class B { String a = "the map takes not these keys"; }',
      'a.py': '"""\nReads it anew.\n"""\n',
      'b.py': 'a = 1  # nobody reads it\n',
      'a.cpp': '// The frames that are under way.\n',
      'a.md': 'The writer lets old\nsegments go.\n',
    };
    assert.deepEqual(
      faultsOf(files)
        .map((fault) => fault.split(':')[0])
        .sort(),
      Object.keys(files).sort(),
    );
  });

  it('reads no code: strings without a space, code blocks and code spans', () => {
    assert.deepEqual(
      faultsOf({
        'a.ts': "const anew = [{ nobody: 'anew' }];",
        'a.md': '    heed --anew\n\nThe option `anew` and\n\n```sh\nheed\n```\n',
      }),
      [],
    );
  });

  it('refuses comments and Markdown wider than 110 columns, except tables and URLs', () => {
    const words = 'word '.repeat(22);
    assert.deepEqual(
      faultsOf({
        'a.md': `${words}word\n`,
        'a.ts': `// ${words}\n`,
        'b.md': `| ${words} |\n\n${words} https://example.org\n`,
      }),
      ['a.md:1: 114 columns: wrap at 110', 'a.ts:1: 113 columns: wrap at 110'],
    );
  });

  it('refuses log events with underscores or capitals', () => {
    assert.deepEqual(
      faultsOf({
        'a.ts': "log.info({ event: 'dlog.segment_rolled' });\n",
        'b.ts': "log.info({ event: bad ? 'a.b' : 'a.bC' });\n",
        'c.ts': "log.info({ event: 'dlog.segment-rolled' });\n",
      }),
      [
        'a.ts:1: event "dlog.segment_rolled": use lower case with hyphens, as in "segment.rolled"',
        'b.ts:1: event "a.bC": use lower case with hyphens, as in "segment.rolled"',
      ],
    );
  });

  it('looks only at the paths that it is given', () => {
    write('one/a.ts', '// heed\n');
    write('other/a.ts', '// heed\n');
    assert.equal(check('one', 'missing').err.match(/heed/g)?.length, 1);
    assert.equal(check('missing').status, 0);
    assert.equal(check().status, 1);
  });

  it('wraps a comment that is too wide, and leaves the others', () => {
    const sentence = 'The writer obeys the limit that its stream has. '.repeat(3).trim();
    write('a.ts', `/** Short\n * lines. */\n  /** ${sentence} */\nconst a = 1;\n`);
    assert.equal(check('--wrap').status, 0);
    assert.equal(
      readFileSync(join(root, 'a.ts'), 'utf8'),
      `/** Short
 * lines. */
  /**
   * The writer obeys the limit that its stream has. The writer obeys the limit that its stream has. The
   * writer obeys the limit that its stream has.
   */
const a = 1;
`,
    );
  });
});
