import { GatewayError } from '../base/index.ts';

/** Where a Redis is. `text` is for people: it holds no password. */
export interface RedisAddress {
  readonly text: string;
  readonly options:
    | { readonly path: string }
    | {
        readonly host: string;
        readonly port: number;
        readonly db: number;
        readonly username?: string;
        readonly password?: string;
        readonly tls?: Readonly<Record<string, never>>;
      };
}

/**
 * Reads `redis://[user[:password]@]host[:port][/db]`, `rediss://` (TLS), `unix:/path` or the bare absolute
 * path of a unix socket. Throws `CONFIG_INVALID` for anything else.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const path = url.startsWith('/') ? url : /^unix:(?:\/\/)?(\/.+)$/.exec(url)?.[1];
  if (path !== undefined) return { text: `unix:${path}`, options: { path } };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const db = /^\/?(\d*)$/.exec(parsed?.pathname ?? '')?.[1];
  if (
    parsed === undefined ||
    db === undefined ||
    !['redis:', 'rediss:'].includes(parsed.protocol) ||
    parsed.hostname === ''
  ) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `the address of Redis must be redis://host:port/db, rediss://host:port/db or unix:/path/of/socket; found ${withoutPassword(url)}`,
    );
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = parsed.port === '' ? 6379 : Number(parsed.port);
  return {
    text: `${parsed.protocol}//${parsed.hostname}:${port}/${Number(db)}`,
    options: {
      host,
      port,
      db: Number(db),
      ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
      ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
      ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  };
}

function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:)\/\/[^@]*@/, '$1//...@');
}
