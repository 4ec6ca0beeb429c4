package egret.host;

/** Takes the DATA frames for this JVM, on the thread that reads the link. */
interface Receiver {
    /** Throws {@link ProtocolException} when the frame's lengths do not fit. */
    void dataFrame(byte[] bytes, int start, int end) throws ProtocolException;

    /** All frames of one read have been given: what they held goes to Storm's queues. */
    void endOfRead();

    /** Gets the faults of single tuples. */
    interface Faults {
        void tupleFault(int task, Throwable fault);
    }
}
