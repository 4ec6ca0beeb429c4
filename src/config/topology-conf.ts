import { isJsonObject, type JsonValue } from '../base/index.ts';
import { type ConfText, readConfValue } from './conf-text.ts';
import { topologyConfRules } from './gen/topology-conf-rules.ts';

/**
 * Checks a submitted topology's configuration as Storm's ConfigValidation (storm-client 2.8.3) does. Returns
 * a description of the first value that Storm refuses, or undefined. Keys that Storm does not know always
 * pass. Class names are not resolved, because the gateway loads no classes.
 */
export function findTopologyConfFault(conf: ConfText): string | undefined {
  for (const key of conf.keys()) {
    const rules = Object.hasOwn(topologyConfRules, key) ? topologyConfRules[key]! : [];
    if (rules.length === 0) continue;
    const value = readConfValue(conf, key)!;
    for (const rule of rules) {
      const expected = (rule.startsWith(oneOf) ? checkOneOf(rule) : checks[rule])?.(value);
      if (expected !== undefined) return `${key} must be ${expected}, got ${shorten(conf.get(key)!)}`;
    }
  }
  return undefined;
}

/** Returns what was expected, or undefined if the value is valid. Null is valid where Storm accepts it. */
type Check = (value: JsonValue) => string | undefined;

const orNull =
  (expected: string, is: (value: JsonValue) => boolean): Check =>
  (value) =>
    value === null || is(value) ? undefined : expected;

const isText = (value: JsonValue | undefined): value is string => typeof value === 'string';
const isTextOrNull = (value: JsonValue): boolean => value === null || isText(value);
const isNumber = (value: JsonValue | undefined): value is number => typeof value === 'number';
const isListOf = (value: JsonValue, is: (entry: JsonValue) => boolean): boolean =>
  Array.isArray(value) && (value as readonly JsonValue[]).every(is);
const isMapOf = (value: JsonValue, is: (entry: JsonValue) => boolean): boolean =>
  isJsonObject(value) && Object.values(value).every(is);
const isInt32 = (value: JsonValue): boolean =>
  Number.isInteger(value) && (value as number) === ((value as number) | 0);
const isIntOrNull = (value: JsonValue | undefined): boolean =>
  value === null || (value !== undefined && isInt32(value));
const isClassOrNullEntry = (entry: JsonValue): boolean =>
  entry === null || (isJsonObject(entry) && 'class' in entry && isTextOrNull(entry['class']));
const isConsumer = (entry: JsonValue): boolean =>
  entry === null ||
  (isClassOrNullEntry(entry) && isJsonObject(entry) && isIntOrNull(entry['parallelism.hint']));
const isConstraints = (entry: JsonValue): boolean =>
  isJsonObject(entry) &&
  Object.entries(entry).every(([kind, value]) => {
    if (kind === 'maxNodeCoLocationCnt') return isInt32(value);
    return kind === 'incompatibleComponents' && (!Array.isArray(value) || isListOf(value, isText));
  });

const oneOf = 'IsString in ';

/** `IsString in S0,S1`, which does not accept null. */
function checkOneOf(rule: string): Check {
  const accepted = rule.slice(oneOf.length).split(',');
  return (value) => (isText(value) && accepted.includes(value) ? undefined : `one of ${accepted.join(', ')}`);
}

/** The check of each validation annotation in Storm's Config, by the annotation's name. */
const checks: Readonly<Record<string, Check | undefined>> = {
  IsString: orNull('a string', isText),
  IsBoolean: orNull('true or false', (value) => typeof value === 'boolean'),
  IsInteger: orNull('an integer of 32 bits', isInt32),
  IsLong: orNull('an integer of 64 bits', Number.isInteger),
  IsNumber: orNull('a number', isNumber),
  IsPositiveNumber: orNull('a positive number', (value) => isNumber(value) && value > 0),
  IsPositiveNumberOrZero: orNull('a positive number or 0', (value) => isNumber(value) && value >= 0),
  NotNull: (value) => (value === null ? 'set' : undefined),
  Password: (value) => (value === null ? 'set' : undefined),
  'IsStringList type=String': orNull('a list of strings', (value) => isListOf(value, isTextOrNull)),
  IsStringOrStringList: orNull(
    'a string or a list of strings',
    (value) => isText(value) || isListOf(value, isTextOrNull),
  ),
  'IsMapEntryType keyType=String valueType=String': orNull('a map of strings', (value) =>
    isMapOf(value, isTextOrNull),
  ),
  'IsMapEntryType keyType=String valueType=Number': orNull('a map of numbers', (value) =>
    isMapOf(value, (entry) => entry === null || isNumber(entry)),
  ),
  'IsType type=Map': orNull('a map', isJsonObject),
  IsKryoReg: orNull('a list of class names and of maps from class to serializer', (value) =>
    isListOf(value, (entry) => isText(entry) || isMapOf(entry, isText)),
  ),
  'IsListEntryCustom EventLoggerRegistryValidator': orNull('a list of maps with a "class"', (value) =>
    isListOf(value, isClassOrNullEntry),
  ),
  'IsListEntryCustom MetricReportersValidator': orNull('a list of maps with a "class"', (value) =>
    isListOf(value, isClassOrNullEntry),
  ),
  'IsListEntryCustom MetricRegistryValidator': orNull(
    'a list of maps with a "class" and an integer "parallelism.hint"',
    (value) => isListOf(value, isConsumer),
  ),
  'CustomValidator MapOfStringToMapOfStringToObjectValidator': (value) =>
    isMapOf(value, isJsonObject) ? undefined : 'a map of maps',
  'IsExactlyOneOf ListOfListOfStringValidator RasConstraintsTypeValidator': orNull(
    'a list of lists of component ids, or a map from component to its constraints',
    (value) => isListOf(value, (entry) => isListOf(entry, isText)) || isMapOf(value, isConstraints),
  ),
};

/** Shortens a client's value, which may be as long as a frame, for a message. */
export function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}... (${text.length} characters)`;
}
