package egret.shell;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.storm.tuple.Tuple;

/**
 * The tuples that an executor has passed to the child of its task, and how many of them the child may have.
 * When too many tuples wait, the executor blocks, so that its own queue fills and the senders slow down.
 * Thread safe.
 */
final class Flow {
    private final int waitingMax;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition hasRoom = lock.newCondition();
    private final Condition hasWork = lock.newCondition();
    private final ArrayDeque<Tuple> waiting = new ArrayDeque<>();
    /** The window of the child at hand; null while there is none. */
    private FlowWindow window;
    private boolean isWriterAsked;
    private boolean isExecutorWaiting;
    private boolean isClosed;

    Flow(int waitingMax) {
        this.waitingMax = waitingMax;
    }

    /** From the executor. After {@link #close} tuples are dropped. */
    void put(Tuple tuple) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (waiting.size() >= waitingMax && !isClosed) {
                isExecutorWaiting = true;
                hasRoom.await();
            }
            waiting.addLast(tuple);
            if (window != null && window.room() > 0) {
                hasWork.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** A child takes tuples. */
    void begin(FlowWindow childsWindow) {
        lock.lock();
        try {
            window = childsWindow;
            hasWork.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The child is gone. Returns what waited for it. */
    List<Tuple> end() {
        lock.lock();
        try {
            window = null;
            List<Tuple> left = new ArrayList<>(waiting);
            waiting.clear();
            hasWork.signalAll();
            letExecutorIn();
            return left;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            isClosed = true;
            hasWork.signalAll();
            letExecutorIn();
        } finally {
            lock.unlock();
        }
    }

    /** For a writer: waits until there may be something to write. False when its child is gone. */
    boolean awaitWork(FlowWindow childsWindow) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (window == childsWindow && !isClosed && !isWriterAsked && !isWorkThere()) {
                hasWork.await();
            }
            isWriterAsked = false;
            return window == childsWindow && !isClosed;
        } finally {
            lock.unlock();
        }
    }

    /** The writer has something else to write than a tuple. */
    void askWriter() {
        lock.lock();
        try {
            isWriterAsked = true;
            hasWork.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The next tuple that the child may have; null when there is none. */
    Tuple poll(FlowWindow childsWindow) {
        lock.lock();
        try {
            if (window != childsWindow || window.room() == 0) {
                return null;
            }
            Tuple tuple = waiting.pollFirst();
            if (isExecutorWaiting && waiting.size() <= waitingMax / 2) {
                letExecutorIn();
            }
            return tuple;
        } finally {
            lock.unlock();
        }
    }

    /** The number of the tuple that is written next. */
    long nextNumber() {
        lock.lock();
        try {
            return window == null ? 0 : window.nextNumber();
        } finally {
            lock.unlock();
        }
    }

    /** A tuple has been written. True when a marker should follow it. */
    boolean wrote() {
        lock.lock();
        try {
            return window != null && window.wrote();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether the window is full and no answer that could open it is in flight: then a marker should be
     * written.
     */
    boolean isStalled(FlowWindow childsWindow) {
        lock.lock();
        try {
            return window == childsWindow && window.isStalled();
        } finally {
            lock.unlock();
        }
    }

    void markerWritten(long bytes) {
        lock.lock();
        try {
            if (window != null) {
                window.markerWritten(Signs.nowMs(), bytes);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Records that the child reached a tuple (0: none) and answered markers. Returns how many bytes of its
     * input it has therefore read.
     */
    long progress(long reached, int markersAnswered) {
        lock.lock();
        try {
            long bytes = 0;
            if (window != null) {
                window.reached(reached);
                for (int i = 0; i < markersAnswered; i++) {
                    bytes = Math.max(bytes, window.markerAnswered(Signs.nowMs()));
                }
            }
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a tuple waits that the child may have, or a marker is needed. */
    boolean hasWork() {
        lock.lock();
        try {
            return window != null && isWorkThere();
        } finally {
            lock.unlock();
        }
    }

    /** When the oldest unanswered marker was written; 0 when there is none. */
    long waitingSinceMs() {
        lock.lock();
        try {
            return window == null ? 0 : window.waitingSinceMs();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing has come for a while. */
    void idle() {
        lock.lock();
        try {
            if (window != null) {
                window.idle();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isWorkThere() {
        return window.room() > 0 ? !waiting.isEmpty() : window.isStalled();
    }

    private void letExecutorIn() {
        isExecutorWaiting = false;
        hasRoom.signalAll();
    }
}
