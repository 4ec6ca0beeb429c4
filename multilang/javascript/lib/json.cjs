'use strict';

/**
 * JSON with exact whole numbers and with the numbers that JSON lacks: whole numbers that a JavaScript number
 * cannot hold are read as BigInt, and a BigInt is written as a plain number; NaN and the infinities are the
 * words that Storm and Python write for them. Messages without any of these take the engine's own parser and
 * serialiser untouched.
 */

const { randomUUID } = require('node:crypto');

// Stands before such a number inside a string while it passes through JSON.parse or JSON.stringify.
const marker = `${randomUUID()}:`;
const mayHoldBigNumber = /[[:,]\s*-?\d{16}/;
// A string without an end is taken to the end of the text: a search would start again at each of its quotes.
const stringOrNumber = /"(?:[^"\\]|\\[\s\S])*"?|-?\d{16,}(?:\.\d+)?(?:[eE][+-]?\d+)?|-?\bInfinity\b|\bNaN\b/g;
const markedNumber = new RegExp(`"${marker}([^"]+)"`, 'g');

function parse(text) {
  if (!mayHoldBigNumber.test(text)) {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!/NaN|Infinity/.test(text)) throw error;
    }
  }
  const marked = text.replace(stringOrNumber, (token) => (isSpecial(token) ? `"${marker}${token}"` : token));
  return JSON.parse(marked, (_key, value) =>
    typeof value === 'string' && value.startsWith(marker) ? numberOf(value.slice(marker.length)) : value,
  );
}

function stringify(value) {
  try {
    const text = JSON.stringify(value);
    // JSON.stringify writes null for them
    if (!text?.includes('null') || !holds(value, isWordNumber)) return text;
  } catch (error) {
    if (!holds(value, (part) => typeof part === 'bigint')) throw error;
  }
  const text = JSON.stringify(value, (_key, part) =>
    typeof part === 'bigint' || isWordNumber(part) ? marker + part : part,
  );
  return text.replace(markedNumber, '$1');
}

function isSpecial(token) {
  return /^-?\d+$/.test(token) ? !Number.isSafeInteger(Number(token)) : /^(NaN|-?Infinity)$/.test(token);
}

function numberOf(token) {
  return /\d/.test(token) ? BigInt(token) : Number(token);
}

function isWordNumber(value) {
  return typeof value === 'number' && !Number.isFinite(value);
}

function holds(value, isIt, parents = []) {
  if (isIt(value)) return true;
  if (typeof value !== 'object' || value === null || parents.includes(value)) return false;
  return Object.values(value).some((part) => holds(part, isIt, [...parents, value]));
}

module.exports = { parse, stringify };
