import { existsSync } from 'node:fs';
import { describeError, setupCommand } from '../base/index.ts';
import { runCommand } from '../child/index.ts';

/** What the machine has of the things that a gateway can run without. */
export interface Prerequisites {
  /** The command that starts Java. */
  readonly java: string;
  /** The major version of Java; a text: why there is none. */
  readonly javaVersion: number | string;
  /** The native parts that are missing. */
  readonly missingParts: readonly string[];
}

const javaVersionMin = 17;
/** A Java that does not answer within this time is of no use. */
const javaAnswerMs = 10_000;

/** Looks for Java and for the parts that setup compiles. */
export async function findPrerequisites(options: {
  readonly java: string;
  readonly nativeParts: readonly string[];
  /** Aborted: the answers are of no interest any more. */
  readonly signal: AbortSignal;
}): Promise<Prerequisites> {
  const { java, nativeParts, signal } = options;
  const missingParts = nativeParts.filter((path) => !existsSync(path));
  return { java, javaVersion: await findJavaVersion(java, signal), missingParts };
}

/** A line for each thing that is missing: what still works without it, and the remedy. */
export function prerequisiteLines({ java, javaVersion, missingParts }: Prerequisites): string[] {
  const lines: string[] = [];
  if (typeof javaVersion === 'string' || javaVersion < javaVersionMin) {
    const fault =
      typeof javaVersion === 'string'
        ? `no Java (${java}): ${javaVersion}`
        : `Java ${javaVersion} (${java}) is too old`;
    lines.push(
      `${fault}. Topologies without Java components work; for the others, install Java ${javaVersionMin} or later, ` +
        'or set JAVA_HOME or egret.java.command, and restart the gateway',
    );
  }
  const [part] = missingParts;
  if (part !== undefined) {
    lines.push(
      `not compiled: ${missingParts.join(', ')}. All topologies work, but a process that leaves its component's ` +
        'process group outlives it, or the gateway keeps more memory after a flood of requests; ' +
        `to change that, install a C compiler and run "${setupCommand(part)}"`,
    );
  }
  return lines;
}

/** Reads the version that `java -version` prints: `openjdk version "17.0.2"`, `java version "1.8.0_392"`. */
export function javaMajor(text: string): number | undefined {
  const version = /version "(?:1\.)?(\d+)/.exec(text)?.[1];
  return version === undefined ? undefined : Number(version);
}

async function findJavaVersion(java: string, ending: AbortSignal): Promise<number | string> {
  try {
    const signal = AbortSignal.any([ending, AbortSignal.timeout(javaAnswerMs)]);
    const result = await runCommand({
      command: java,
      args: ['-version'],
      cwd: '/',
      stdio: 'capture',
      signal,
    });
    return javaMajor(result.stderr) ?? `"${java} -version" ended with ${result.code ?? result.signal}`;
  } catch (error) {
    return describeError(error);
  }
}
