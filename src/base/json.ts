/** What JSON can say. Configuration values and control messages are made of it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `value` as JSON, for a type that holds JSON only. An interface has no index signature, so the compiler
 * cannot see that every member is a {@link JsonValue}; the type's author says so by calling this.
 */
export function asJson(value: object | string): JsonValue {
  return value as JsonValue;
}
