/**
 * Options for a JVM that lives for seconds, as those of most tests do: the quick compiler only, and a
 * collector without threads of its own. They save a quarter of the CPU time of such a JVM and change nothing
 * that a test asserts.
 */
export const quickJvmOptions = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData';
