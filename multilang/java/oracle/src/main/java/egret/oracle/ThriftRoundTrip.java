package egret.oracle;

import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.shade.net.minidev.json.JSONArray;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.thrift.TBase;

/**
 * Writes and reads Thrift values with Storm's own classes. Question: {make?: {seed, perType, types: [name]},
 * read?: [{type, bytes}]}, bytes in base64 (unframed TBinaryProtocol). Answer: {made: [{type, bytes,
 * description}], read: [{description, bytes} or {error}]}; see ThriftValues.describe.
 */
public final class ThriftRoundTrip {
  public static void main(String[] args) throws Exception {
    JSONObject question = (JSONObject) JSONValue.parse(System.in);
    Map<String, Object> answer = new LinkedHashMap<>();
    if (question.get("make") instanceof JSONObject make) answer.put("made", make(make));
    if (question.get("read") instanceof JSONArray values) answer.put("read", read(values));
    System.out.println(JSONValue.toJSONString(answer));
  }

  private static List<Object> make(JSONObject request) throws Exception {
    ThriftValues values = new ThriftValues(((Number) request.get("seed")).longValue());
    int perType = ((Number) request.get("perType")).intValue();
    List<Object> made = new ArrayList<>();
    for (Object name : (JSONArray) request.get("types")) {
      for (int index = 0; index < perType; index++) {
        TBase<?, ?> value = values.make(ThriftValues.classOf((String) name), index == 0);
        made.add(described(value, (String) name));
      }
    }
    return made;
  }

  private static List<Object> read(JSONArray requests) throws Exception {
    List<Object> answers = new ArrayList<>();
    for (Object request : requests) {
      JSONObject one = (JSONObject) request;
      String name = (String) one.get("type");
      try {
        byte[] bytes = Base64.getDecoder().decode((String) one.get("bytes"));
        answers.add(described(ThriftValues.read(ThriftValues.classOf(name), bytes), name));
      } catch (Exception e) {
        answers.add(Map.of("error", e.toString()));
      }
    }
    return answers;
  }

  private static Map<String, Object> described(TBase<?, ?> value, String name) throws Exception {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("type", name);
    answer.put("bytes", Base64.getEncoder().encodeToString(ThriftValues.write(value)));
    answer.put("description", ThriftValues.describe(value));
    return answer;
  }

  private ThriftRoundTrip() {}
}
