/**
 * config: what the gateway and its commands run by. Owner of ajv, yaml and json5 (each loaded when first needed).
 * Read once, checked as a whole, frozen, and handed to rooms in parts. Also keeps topology configurations as text, so
 * that no digit is lost between a client and its workers, and knows what Storm demands of them.
 * Start at gateway-config.ts; the keys are in schema.ts.
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
export { findEgretConfFault } from './egret-conf.ts';
export {
  dlogStorageConfig,
  type GatewayConfig,
  loadGatewayConfig,
  type NimbusConfig,
} from './gateway-config.ts';
export { maskSecrets, withoutDaemonSecrets } from './secrets.ts';
export { findTopologyConfFault } from './topology-conf.ts';
