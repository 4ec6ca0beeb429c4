package egret.oracle;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.generated.Nimbus;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.thrift.TBase;
import org.apache.storm.thrift.TException;
import org.apache.storm.thrift.TFieldIdEnum;
import org.apache.storm.thrift.meta_data.FieldMetaData;
import org.apache.storm.thrift.protocol.TBinaryProtocol;
import org.apache.storm.thrift.server.THsHaServer;
import org.apache.storm.thrift.transport.TNonblockingServerSocket;
import org.apache.storm.thrift.transport.TSocket;
import org.apache.storm.thrift.transport.layered.TFramedTransport;

/**
 * One end of real Nimbus calls, with Storm's generated client or server, every method and random values.
 * Standard input, one line: {mode: "client" or "server", seed, port?, strict?}. Standard output: as server a
 * line {port}; then, for each call, a line {method, arguments, outcome}; see ThriftValues.describe. A server
 * ends when standard input does.
 */
public final class ThriftPeer {
  private static final TBinaryProtocol.Factory STRICT = new TBinaryProtocol.Factory(false, true);

  public static void main(String[] args) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    JSONObject question = (JSONObject) JSONValue.parse(input.readLine());
    ThriftValues values = new ThriftValues(((Number) question.get("seed")).longValue());
    if (question.get("mode").equals("client")) call(question, values);
    else serve(values, input);
  }

  private static void call(JSONObject question, ThriftValues values) throws Exception {
    boolean isStrict = !Boolean.FALSE.equals(question.get("strict"));
    int port = ((Number) question.get("port")).intValue();
    try (TFramedTransport transport = new TFramedTransport(new TSocket("127.0.0.1", port, 10000))) {
      transport.open();
      Nimbus.Client client = new Nimbus.Client(new TBinaryProtocol(transport, false, isStrict));
      for (Method method : methods()) {
        Object[] arguments = arguments(method, values);
        try {
          print(method, arguments, outcome(method, method.invoke(client, arguments)));
        } catch (InvocationTargetException e) {
          print(method, arguments, failure((Exception) e.getCause()));
        }
      }
    }
  }

  private static void serve(ThriftValues values, BufferedReader input) throws Exception {
    Nimbus.Iface handler = (Nimbus.Iface) Proxy.newProxyInstance(
        ThriftPeer.class.getClassLoader(),
        new Class<?>[] {Nimbus.Iface.class},
        (proxy, method, given) -> answer(method, given == null ? new Object[0] : given, values));
    try (TNonblockingServerSocket socket = new TNonblockingServerSocket(0)) {
      THsHaServer server = new THsHaServer(new THsHaServer.Args(socket)
          .processor(new Nimbus.Processor<>(handler)).protocolFactory(STRICT).maxWorkerThreads(1).minWorkerThreads(1));
      Thread thread = new Thread(server::serve);
      thread.start();
      System.out.println(JSONValue.toJSONString(Map.of("port", socket.getPort())));
      while (input.readLine() != null) continue;
      server.stop();
      thread.join();
    }
  }

  /** Every declared exception of a method in turn, then results. */
  private static final Map<String, Integer> CALLS = new LinkedHashMap<>();

  private static synchronized Object answer(Method method, Object[] arguments, ThriftValues values) throws Throwable {
    int index = CALLS.merge(method.getName(), 1, Integer::sum) - 1;
    Class<?>[] declared = Arrays.stream(method.getExceptionTypes()).filter(type -> type != TException.class)
        .toArray(Class<?>[]::new);
    if (index < declared.length) {
      TException exception = (TException) values.make(declared[index], true);
      print(method, arguments, failure(exception));
      throw exception;
    }
    Map<TFieldIdEnum, FieldMetaData> fields =
        ThriftValues.metadata(Class.forName(Nimbus.class.getName() + "$" + method.getName() + "_result"));
    Object result = null;
    for (Map.Entry<TFieldIdEnum, FieldMetaData> field : fields.entrySet()) {
      if (field.getKey().getThriftFieldId() == 0) result = values.any(field.getValue().valueMetaData);
    }
    print(method, arguments, outcome(method, result));
    return result;
  }

  private static Method[] methods() {
    Method[] methods = Nimbus.Iface.class.getMethods();
    Arrays.sort(methods, Comparator.comparing(Method::getName));
    return methods;
  }

  private static Object[] arguments(Method method, ThriftValues values) throws Exception {
    TBase<?, ?> holder = values.make(Class.forName(Nimbus.class.getName() + "$" + method.getName() + "_args"), true);
    List<Object> arguments = new ArrayList<>();
    Map<TFieldIdEnum, FieldMetaData> fields = ThriftValues.metadata(holder.getClass());
    List<TFieldIdEnum> ids = new ArrayList<>(fields.keySet());
    ids.sort(Comparator.comparing(TFieldIdEnum::getThriftFieldId));
    for (TFieldIdEnum id : ids) arguments.add(valueOf(holder, id));
    return arguments.toArray();
  }

  @SuppressWarnings({"rawtypes", "unchecked"})
  private static Object valueOf(TBase holder, TFieldIdEnum id) {
    Object value = holder.getFieldValue(id);
    return value instanceof byte[] bytes ? java.nio.ByteBuffer.wrap(bytes) : value;
  }

  private static Object outcome(Method method, Object result) throws Exception {
    Map<String, Object> outcome = new LinkedHashMap<>();
    if (method.getReturnType() != void.class) outcome.put("result", ThriftValues.describe(result));
    return outcome;
  }

  private static Object failure(Exception exception) throws Exception {
    Map<String, Object> outcome = new LinkedHashMap<>();
    outcome.put("exception", exception.getClass().getSimpleName());
    boolean isDeclared = exception instanceof TBase;
    outcome.put("text", isDeclared ? (String) exception.getClass().getMethod("get_msg").invoke(exception) : exception.getMessage());
    return outcome;
  }

  private static void print(Method method, Object[] arguments, Object outcome) throws Exception {
    Map<String, Object> line = new LinkedHashMap<>();
    List<Object> described = new ArrayList<>();
    for (Object argument : arguments) described.add(ThriftValues.describe(argument));
    line.put("method", method.getName());
    line.put("arguments", described);
    line.put("outcome", outcome);
    System.out.println(JSONValue.toJSONString(line));
  }

  private ThriftPeer() {}
}
