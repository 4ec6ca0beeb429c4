import type { JsonValue } from '../base/index.ts';

/** One key of the gateway's own configuration, as JSON Schema says it. Units are in the key's name or the description. */
export interface KeySchema {
  readonly description: string;
  readonly type: string | readonly string[];
  readonly default?: JsonValue;
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
