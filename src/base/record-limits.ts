/**
 * The longest record that the distributed log takes, in bytes: what a record set of 1 MiB holds beside its
 * heads. Here because writers on both sides of the wire need it; the clients in Java and Python have copies,
 * which a test compares.
 */
export const recordBytesMax = 1024 * 1024 - 8192;
