#!/usr/bin/env node
/**
 * Checks the English of the repository: words and phrases that the field has a plainer term for
 * (scripts/prose/words.json), the width of comments and Markdown, and the spelling of log events. Each fault
 * is printed with its file, its line, the word and the better word.
 *
 * scripts/prose-baseline.json lists how many faults each file may still have. A file with more fails the
 * check, and so does a file with fewer until `--lower` has written the new number; the sum never rises.
 *
 *     node scripts/check-prose.mjs [--all] [--count] [--wrap] [--lower] [PATH ...]
 *
 * `--all` prints the faults of files within their baseline too, `--count` only how often each word occurs.
 * `--wrap` wraps comments and Markdown that are too wide. A PATH (a file or a directory) limits this to what
 * lies there. EGRET_PROSE_ROOT names another repository.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { passagesOf } from './prose/extract.mjs';
import { wrapFile } from './prose/wrap.mjs';

const widthMax = 110;
const eventName = /^[a-z\d]+(-[a-z\d]+)*(\.[a-z\d]+(-[a-z\d]+)*)+$/;
const skipped =
  /(^|\/)(gen|vectors|texts)\/|^docs\/configuration\.md$|^scripts\/prose\/|^src\/testing\/check-prose\.test\.ts$/;

const here = fileURLToPath(new URL('.', import.meta.url));
const root = process.env['EGRET_PROSE_ROOT'] ?? fileURLToPath(new URL('..', import.meta.url));
const baselinePath = `${root}/scripts/prose-baseline.json`;
const baseline = existsSync(baselinePath) ? JSON.parse(readFileSync(baselinePath, 'utf8')) : {};
const words = JSON.parse(readFileSync(`${here}prose/words.json`, 'utf8')).map(({ pattern, better, at }) => ({
  regex:
    at === 'statement'
      ? new RegExp(String.raw`(?<=^\s*|[.:;]\s+)${capital(pattern)}\b(?= [a-z])(?![^.]*\?)`, 'g')
      : new RegExp(String.raw`\b(${pattern})\b`, 'gi'),
  better,
}));

const flags = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
const paths = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
if (flags.includes('--wrap')) wrap();
const faults = listFiles().flatMap(check);

if (flags.includes('--count')) count();
else if (flags.includes('--lower')) lower();
else report();

function listFiles() {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    ...{ cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 },
  });
  const isFile = (path) => statSync(`${root}/${path}`, { throwIfNoEntry: false })?.isFile() === true;
  return stdout.split('\0').filter((path) => path !== '' && !skipped.test(path) && isFile(path));
}

function wrap() {
  for (const path of listFiles().filter(isShown)) {
    const content = readFileSync(`${root}/${path}`, 'utf8');
    const wrapped = wrapFile(path, content, widthMax);
    if (wrapped !== content) writeFileSync(`${root}/${path}`, wrapped);
  }
}

function check(path) {
  const found = [];
  const fault = (line, text) => found.push({ path, line, text });
  for (const { kind, isTable, lines } of passagesOf(path, readFileSync(`${root}/${path}`, 'utf8'))) {
    if (kind === 'event') {
      const { line, text } = lines[0];
      if (!eventName.test(text))
        fault(line, `event "${text}": use lower case with hyphens, as in "segment.rolled"`);
      continue;
    }
    for (const { line, whole } of lines)
      if (whole !== undefined && !isTable && isTooWide(whole))
        fault(line, `${whole.length} columns: wrap at ${widthMax}`);
    for (const { line, word, better } of phrases(lines)) fault(line, `"${word}": better ${better}`);
  }
  return found.sort((one, other) => one.line - other.line);
}

/** A line with a URL or one long word cannot be wrapped. */
function isTooWide(line) {
  return line.length > widthMax && !/https?:\/\//.test(line) && /\S\s+\S/.test(line.slice(40, widthMax));
}

function phrases(lines) {
  let text = '';
  const starts = lines.map((line) => {
    const start = text.length;
    text += `${line.text} `;
    return start;
  });
  return words.flatMap(({ regex, better }) =>
    [...text.matchAll(regex)].map((match) => ({
      ...{ word: match[0].toLowerCase(), better },
      line: lines[starts.findLastIndex((start) => start <= match.index)].line,
    })),
  );
}

function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}

function counts() {
  const result = {};
  for (const { path } of faults) result[path] = (result[path] ?? 0) + 1;
  return result;
}

function isShown(path) {
  return (
    paths.length === 0 ||
    paths.some((under) => path === under || path.startsWith(`${under.replace(/\/$/, '')}/`))
  );
}

function report() {
  const now = counts();
  const wrong = [...new Set([...Object.keys(now), ...Object.keys(baseline)])].filter(
    (path) => (now[path] ?? 0) !== (baseline[path] ?? 0),
  );
  for (const { path, line, text } of faults)
    if (isShown(path) && (flags.includes('--all') || (now[path] ?? 0) > (baseline[path] ?? 0)))
      process.stderr.write(`${path}:${line}: ${text}\n`);
  for (const path of wrong.filter(isShown)) {
    const [has, allowed] = [now[path] ?? 0, baseline[path] ?? 0];
    const advice =
      has > allowed ? 'correct the text (--wrap wraps it)' : 'run node scripts/check-prose.mjs --lower';
    process.stderr.write(`${path}: ${has} faults, scripts/prose-baseline.json says ${allowed}: ${advice}\n`);
  }
  if (wrong.some(isShown)) process.exit(1);
  process.stdout.write(`prose: ${faults.length} known faults in ${Object.keys(now).length} files\n`);
}

function lower() {
  const now = counts();
  const before = Object.values(baseline).reduce((sum, each) => sum + each, 0);
  if (existsSync(baselinePath) && faults.length > before) {
    process.stderr.write(
      `${faults.length} faults, the baseline has ${before}: the sum never rises. Correct the text\n`,
    );
    process.exit(1);
  }
  const sorted = Object.fromEntries(Object.entries(now).sort(([one], [other]) => (one < other ? -1 : 1)));
  writeFileSync(baselinePath, `${JSON.stringify(sorted, null, 2)}\n`);
  process.stdout.write(
    `prose: the baseline has ${faults.length} faults in ${Object.keys(now).length} files\n`,
  );
}

function count() {
  const sums = new Map();
  for (const { text } of faults.filter((fault) => isShown(fault.path))) {
    const key = /^\d+ columns/.test(text) ? 'columns' : text.replace(/": .*/, '"');
    sums.set(key, (sums.get(key) ?? 0) + 1);
  }
  for (const [key, sum] of [...sums].sort((one, other) => other[1] - one[1]))
    process.stdout.write(`${String(sum).padStart(5)} ${key}\n`);
}
