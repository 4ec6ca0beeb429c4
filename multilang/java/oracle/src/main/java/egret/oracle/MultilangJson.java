package egret.oracle;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.multilang.BoltMsg;
import org.apache.storm.multilang.JsonSerializer;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.shade.net.minidev.json.JSONValue;

/**
 * What Storm's multilang serialiser makes of JSON, and what JSON it makes of values.
 *
 * <p>Question: {read: [JSON text of a tuple...], write: [{type, text}...]}. Answer: {read: [[{type, text}...]
 * or {fault}...], write: [JSON text of the tuple or {fault}...]}. A type is the simple name of the Java
 * class.
 */
public final class MultilangJson {
  public static void main(String[] args) throws Exception {
    Map<?, ?> question = (Map<?, ?>) JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
    Map<String, Object> answer = new LinkedHashMap<>();
    List<Object> read = new ArrayList<>();
    for (Object text : (List<?>) question.get("read")) read.add(read((String) text));
    List<Object> written = new ArrayList<>();
    for (Object value : (List<?>) question.get("write")) written.add(write(value((Map<?, ?>) value)));
    answer.put("read", read);
    answer.put("write", written);
    System.out.println(JSONValue.toJSONString(answer));
  }

  private static Object read(String tuple) {
    try {
      byte[] message = ("{\"command\":\"emit\",\"tuple\":" + tuple + "}\nend\n").getBytes(StandardCharsets.UTF_8);
      JsonSerializer serializer = new JsonSerializer();
      serializer.initialize(new ByteArrayOutputStream(), new ByteArrayInputStream(message));
      ShellMsg parsed = serializer.readShellMsg();
      List<Object> values = new ArrayList<>();
      for (Object value : parsed.getTuple()) values.add(describe(value));
      return values;
    } catch (Exception e) {
      return fault(e);
    }
  }

  private static Map<String, Object> describe(Object value) {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("type", value == null ? "null" : value.getClass().getSimpleName());
    description.put("text", String.valueOf(value));
    return description;
  }

  private static Object write(Object value) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      JsonSerializer serializer = new JsonSerializer();
      serializer.initialize(out, new ByteArrayInputStream(new byte[0]));
      BoltMsg message = new BoltMsg();
      message.setId("1");
      message.setStream("default");
      List<Object> tuple = new ArrayList<>();
      tuple.add(value);
      message.setTuple(tuple);
      serializer.writeBoltMsg(message);
      String text = out.toString(StandardCharsets.UTF_8);
      int start = text.indexOf("\"tuple\":") + "\"tuple\":".length();
      return text.substring(start, text.indexOf(",\"task\":", start));
    } catch (Exception e) {
      return fault(e);
    }
  }

  private static Object value(Map<?, ?> described) {
    String text = (String) described.get("text");
    switch ((String) described.get("type")) {
      case "null":
        return null;
      case "Boolean":
        return Boolean.valueOf(text);
      case "Byte":
        return Byte.valueOf(text);
      case "Short":
        return Short.valueOf(text);
      case "Integer":
        return Integer.valueOf(text);
      case "Long":
        return Long.valueOf(text);
      case "Float":
        return Float.valueOf(text);
      case "Double":
        return Double.valueOf(text);
      case "BigInteger":
        return new BigInteger(text);
      case "BigDecimal":
        return new BigDecimal(text);
      case "String":
        return text;
      default:
        throw new IllegalArgumentException("no such type: " + described);
    }
  }

  private static Map<String, Object> fault(Exception e) {
    Map<String, Object> fault = new LinkedHashMap<>();
    fault.put("fault", e.getClass().getSimpleName());
    return fault;
  }
}
