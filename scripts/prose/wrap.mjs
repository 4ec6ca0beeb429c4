/**
 * Wraps comments and Markdown at a width. Only paragraphs with a line that is too wide change; list items, indented examples
 * and tables keep their shape. Comments behind code and Python's doc strings are left to the writer.
 */
import { passagesOf } from './extract.mjs';

const item = /^(\s*)([-*+]|\d+\.)(\s+)/;

export function wrapFile(path, content, widthMax) {
  const lines = content.split('\n');
  const isMarkdown = path.endsWith('.md');
  for (const passage of passagesOf(path, content).reverse()) {
    if (passage.kind === 'text' || passage.kind === 'event' || !passage.own || passage.isTable) continue;
    const wholes = passage.lines.map(({ whole }) => whole);
    if (wholes.every((whole) => whole.length <= widthMax)) continue;
    const wrapped = isMarkdown ? paragraphs(wholes, widthMax) : comment(wholes, widthMax);
    if (wrapped !== undefined) lines.splice(passage.lines[0].line - 1, wholes.length, ...wrapped);
  }
  return lines.join('\n');
}

function comment(wholes, widthMax) {
  const indent = /^\s*/.exec(wholes[0])[0];
  const opening = wholes[0].slice(indent.length);
  const line = /^(\/\/[/!]?|--|#)/.exec(opening)?.[0];
  if (line !== undefined) {
    const prefix = `${indent}${line} `;
    const texts = wholes.map((whole) => whole.trimStart().slice(line.length).replace(/^ /, ''));
    return paragraphs(texts, widthMax - prefix.length).map((text) => `${prefix}${text}`.trimEnd());
  }
  const block = /^\/\*+/.exec(opening)?.[0];
  if (block === undefined || !wholes.at(-1).trimEnd().endsWith('*/')) return undefined;
  const texts = wholes.map((whole, index) =>
    whole
      .trimStart()
      .replace(index === 0 ? /^\/\*+ ?/ : /^\*(?!\/) ?/, '')
      .trimEnd()
      .replace(/\*\/$/, '')
      .trimEnd(),
  );
  while (texts[0] === '') texts.shift();
  while (texts.at(-1) === '') texts.pop();
  const prefix = `${indent} * `;
  const wrapped = paragraphs(texts, widthMax - prefix.length).map((text) => `${prefix}${text}`.trimEnd());
  return [`${indent}${block}`, ...wrapped, `${indent} */`];
}

function paragraphs(texts, widthMax) {
  const result = [];
  let current = [];
  const flush = () => {
    if (current.some((text) => text.length > widthMax)) result.push(...fill(current, widthMax));
    else result.push(...current);
    current = [];
  };
  for (const text of texts) {
    const isApart =
      text.trim() === '' || /^\s*(@|\||```)/.test(text) || (/^ {4}/.test(text) && current.length === 0);
    if (isApart || item.test(text)) flush();
    if (isApart && !text.trim().startsWith('@')) result.push(text);
    else current.push(text);
  }
  flush();
  return result;
}

function fill(texts, widthMax) {
  const [marker] = item.exec(texts[0]) ?? [/^\s*/.exec(texts[0])[0]];
  const hanging = texts.length > 1 ? /^\s*/.exec(texts[1])[0] : ' '.repeat(marker.length);
  // a line must not begin with what Markdown takes for a list or a heading
  const words = texts
    .map((text, index) => (index === 0 ? text.slice(marker.length) : text).trim())
    .join(' ')
    .replace(/ ([-+*#>]+|\d+\.)(?= )/g, '\u0000$1')
    .split(' ');
  const lines = [];
  let line = marker;
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length > widthMax) {
      lines.push(line);
      line = hanging;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].map((each) => each.replaceAll('\u0000', ' '));
}
