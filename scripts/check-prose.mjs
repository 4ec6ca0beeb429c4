#!/usr/bin/env node
/**
 * Checks the English of the repository: words and phrases that the field has a plainer term for
 * (scripts/prose/words.json), the width of comments and Markdown, and the spelling of log events. Prints each
 * fault with its file, its line, the word and the better word; exit code 1 if there is one.
 *
 *     node scripts/check-prose.mjs [--wrap] [PATH ...]
 *
 * `--wrap` first wraps comments and Markdown that are too wide. A PATH (a file or a directory) limits both to
 * what lies there. EGRET_PROSE_ROOT names another repository.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { passagesOf } from './prose/extract.mjs';
import { wrapFile } from './prose/wrap.mjs';

const widthMax = 110;
const eventName = /^[a-z\d]+(-[a-z\d]+)*(\.[a-z\d]+(-[a-z\d]+)*)+$/;
const skipped =
  /(^|\/)(gen|vectors|texts)\/|^docs\/configuration\.md$|^scripts\/prose\/|^src\/testing\/check-prose\.test\.ts$/;

const here = fileURLToPath(new URL('.', import.meta.url));
const root = process.env['EGRET_PROSE_ROOT'] ?? fileURLToPath(new URL('..', import.meta.url));
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
report(listFiles().flatMap(check));

function listFiles() {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    ...{ cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 },
  });
  const isFile = (path) => statSync(`${root}/${path}`, { throwIfNoEntry: false })?.isFile() === true;
  return stdout
    .split('\0')
    .filter((path) => path !== '' && !skipped.test(path) && isFile(path) && isChosen(path));
}

function wrap() {
  for (const path of listFiles()) {
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

function isChosen(path) {
  return (
    paths.length === 0 ||
    paths.some((under) => path === under || path.startsWith(`${under.replace(/\/$/, '')}/`))
  );
}

function report(faults) {
  for (const { path, line, text } of faults) process.stderr.write(`${path}:${line}: ${text}\n`);
  if (faults.length === 0) {
    process.stdout.write('prose: no fault\n');
    return;
  }
  const files = new Set(faults.map(({ path }) => path)).size;
  process.stderr.write(
    `prose: ${faults.length} faults in ${files} files: correct the text (--wrap wraps what is too wide)\n`,
  );
  process.exitCode = 1;
}
