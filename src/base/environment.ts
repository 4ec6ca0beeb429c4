/**
 * The variables this process was started with, for the processes it starts. Settings of ours are
 * configuration, never read from here.
 */
export function inheritedEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
