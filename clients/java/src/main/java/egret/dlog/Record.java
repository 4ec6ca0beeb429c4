package egret.dlog;

/** A record as it lies in its stream. Sequence ids count the records of the stream from 0, without a gap. */
public record Record(Position position, long transactionId, long sequenceId, byte[] payload) {}
