package egret.examples;

import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;

/**
 * Declares the output of a bolt that is not written in Java, so that TopologyBuilder can check the bolts that
 * read it.
 */
public abstract class PlaceHolder extends BaseBasicBolt {
    private final String[] fields;

    protected PlaceHolder(String... fields) {
        this.fields = fields;
    }

    @Override
    public final void execute(Tuple tuple, BasicOutputCollector collector) {
        throw new UnsupportedOperationException("a shell component takes this bolt's place");
    }

    @Override
    public final void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields(fields));
    }
}
