import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JvmContainers } from './jvm-containers.ts';

/**
 * Gives the `sleeper` topology its script: it answers Storm's handshake, writes its pid to the results, and
 * then ignores everything, the end of its input as well.
 */
export function writeShellChild(containers: JvmContainers): void {
  const pidFile = join(containers.resultsDir, 'child');
  const script = `echo "{\\"pid\\": $$}"; echo end; echo $$ > "${pidFile}"; while :; do sleep 1; done`;
  writeFileSync(join(containers.codeDir, 'resources', 'sleeper.sh'), script);
}
