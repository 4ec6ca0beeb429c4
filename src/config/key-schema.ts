import type { JsonValue } from '../base/index.ts';

/** One configuration key, in the terms of JSON Schema. Its unit is last in its name. */
export interface KeySchema {
  readonly description: string;
  readonly type: string | readonly string[];
  /**
   * What applies when the key is not set. Storm's own keys take theirs from the released storm-client jar.
   */
  readonly default?: JsonValue;
  /** Instead of a default: what applies when the key is not set, in Markdown for docs/configuration.md. */
  readonly whenUnset?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly JsonValue[];
  readonly pattern?: string;
  readonly items?: {
    readonly type: string;
    readonly minimum?: number;
    readonly maximum?: number;
    readonly minLength?: number;
  };
}
