package egret.dlog;

/** A record of a stream. Sequence ids count the records of the stream from 0, without a gap. */
public record Record(Position position, long transactionId, long sequenceId, byte[] payload) {}
