package egret.host;

import com.esotericsoftware.kryo.Kryo;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.storm.hooks.BaseTaskHook;
import org.apache.storm.hooks.info.EmitInfo;
import org.apache.storm.serialization.SerializationFactory;
import org.apache.storm.task.TopologyContext;

/**
 * Holds a task to the output rate of its component: `topology.egret.output.rate.tuples.per.sec` and
 * `.bytes.per.sec` (or Heron's `topology.component.output.bps`), shared evenly among its tasks. An emit that
 * is ahead of the rate waits in the executor's own thread, so tuples to tasks of the same JVM are held as
 * well; what acks and Storm itself send is free. Installed through `topology.auto.task.hooks` where a
 * component of the JVM has a rate.
 */
public final class OutputRateHook extends BaseTaskHook {
    static final String TUPLES_KEY = "topology.egret.output.rate.tuples.per.sec";
    static final String BYTES_KEY = "topology.egret.output.rate.bytes.per.sec";
    static final String HERON_BYTES_KEY = "topology.component.output.bps";
    private static final double BURST_SECS = 1.5;
    private static final double NANOS_PER_SEC = 1e9;

    private double tuplesPerSec;
    private double bytesPerSec;
    private double tuples;
    private double bytes;
    private long atNanos;
    private ValueWriter writer;

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context) {
        int tasks = Math.max(1, context.getComponentTasks(context.getThisComponentId()).size());
        tuplesPerSec = perSec(conf, TUPLES_KEY) / tasks;
        double ofBytes = perSec(conf, BYTES_KEY);
        bytesPerSec = (ofBytes > 0 ? ofBytes : perSec(conf, HERON_BYTES_KEY)) / tasks;
        tuples = tuplesPerSec * BURST_SECS;
        bytes = bytesPerSec * BURST_SECS;
        atNanos = System.nanoTime();
        if (bytesPerSec > 0) {
            Kryo kryo = SerializationFactory.getKryo(conf);
            writer = new ValueWriter(new ObjectCodec(kryo));
        }
    }

    @Override
    public void emit(EmitInfo info) {
        if (tuplesPerSec <= 0 && bytesPerSec <= 0 || info.stream.startsWith("__")) {
            return;
        }
        long nowNanos = System.nanoTime();
        double passedSecs = (nowNanos - atNanos) / NANOS_PER_SEC;
        atNanos = nowNanos;
        double waitSecs = 0;
        if (tuplesPerSec > 0) {
            tuples = Math.min(tuplesPerSec * BURST_SECS, tuples + passedSecs * tuplesPerSec) - 1;
            waitSecs = -tuples / tuplesPerSec;
        }
        if (bytesPerSec > 0) {
            int sent = info.outTasks == null ? 0 : info.outTasks.size() * bytesOf(info);
            bytes = Math.min(bytesPerSec * BURST_SECS, bytes + passedSecs * bytesPerSec) - sent;
            waitSecs = Math.max(waitSecs, -bytes / bytesPerSec);
        }
        if (waitSecs > 0) {
            await((long) (waitSecs * NANOS_PER_SEC));
        }
    }

    private int bytesOf(EmitInfo info) {
        try {
            writer.writeAll(info.values);
            return writer.length();
        } catch (RuntimeException e) {
            return 0; // what cannot be sent is refused where it is sent
        }
    }

    private static void await(long nanos) {
        try {
            TimeUnit.NANOSECONDS.sleep(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static double perSec(Map<String, Object> conf, String key) {
        return conf.get(key) instanceof Number number ? Math.max(0, number.doubleValue()) : 0;
    }
}
