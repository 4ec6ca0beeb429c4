/**
 * config: the configuration of the gateway, its commands and its containers. Owner of ajv, yaml and json5,
 * each loaded when first needed. The gateway reads its configuration once, validates it as a whole, freezes
 * it, and passes each room the part it needs. Topology configurations are kept as text, so that no digit is
 * lost between a client and its workers; this room validates them by Storm's rules. Every default of an
 * `egret.` key is in the schema and nowhere else. Start at gateway-config.ts. The keys are in schema.ts
 * (gateway) and container-keys.ts (containers).
 */
export { type ClientConfig, loadClientConfig } from './client-config.ts';
export {
  type ConfText,
  mergeConf,
  readConfText,
  readConfValue,
  readConfValues,
  withConfValues,
  writeConfText,
} from './conf-text.ts';
export {
  type ContainerNumberKey,
  containerDefault,
  containerNumber,
  derivedNumber,
} from './container-values.ts';
export { type DeprecatedKey, deprecatedKeysOf, withCurrentNames } from './deprecated-keys.ts';
export { findEgretConfFault } from './egret-conf.ts';
export {
  dlogStorageConfig,
  type GatewayConfig,
  loadGatewayConfig,
  type NimbusConfig,
} from './gateway-config.ts';
export { maskSecrets, withoutDaemonSecrets } from './secrets.ts';
export { findTopologyConfFault } from './topology-conf.ts';
