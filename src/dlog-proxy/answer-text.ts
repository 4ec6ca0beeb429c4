import { GatewayError } from '../base/index.ts';

/** A text may quote what the client sent, and must not repeat it at length. */
const textMax = 500;

/**
 * The text of an error for a client: our own sentences, and for a system error its name ("ENOSPC: no space
 * left on device"). The server's paths stay in its log, and so do errors that have no sentence of ours.
 */
export function answerText(error: unknown): string {
  const text = told(error);
  return text.length > textMax ? `${text.slice(0, textMax)}…` : text;
}

function told(error: unknown): string {
  if (error instanceof GatewayError) {
    const cause = error.cause === undefined ? '' : told(error.cause);
    return cause === '' || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
  }
  const system = systemText(error);
  if (system !== undefined) return system;
  return 'an unexpected error of the gateway, which its log describes';
}

/** Node's message without the call and its paths: `ENOENT: no such file or directory, open '/x'`. */
function systemText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const [text] = /^E[A-Z0-9]+: [^,/]*/.exec(error.message) ?? [error.code];
  return text;
}
