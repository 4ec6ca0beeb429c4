package egret.compat;

import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Tuple;

/** The sink of nearly every case: records what it was given and by whom, then acks. */
public final class Recorder extends BaseRichBolt {
    private transient OutputCollector collector;
    private transient Record record;

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
        this.collector = collector;
        record = Record.open(conf, context);
        record.write("prepare", context.getThisTaskId(), context.getThisTaskIndex(), context.getThisWorkerPort(),
            context.getComponentTasks(context.getThisComponentId()));
    }

    @Override
    public void execute(Tuple tuple) {
        record.write("tuple", tuple.getSourceComponent(), tuple.getSourceStreamId(), tuple.getSourceTask(),
            Record.describe(tuple.getValues()));
        collector.ack(tuple);
    }

    @Override
    public void cleanup() {
        record.write("cleanup");
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
    }
}
