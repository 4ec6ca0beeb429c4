const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes a name or message safe to print in one line: control characters become visible. A line feed is shown
 * as `\n`, ESC as `\x1b`, and a mark that reverses the direction of text as `\u202e`.
 */
export function visible(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => short[character] ?? escaped(character));
}

/**
 * Makes text of several lines, or JSON, safe to print: line feeds and tabs stay. In JSON the escapes occur
 * only within strings, where they mean the same characters.
 */
export function visibleLines(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' || character === '\t' ? character : units(character),
  );
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : units(character);
}

function units(character: string): string {
  const one = (unit: number): string => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  return Array.from({ length: character.length }, (_, unit) => one(unit)).join('');
}
