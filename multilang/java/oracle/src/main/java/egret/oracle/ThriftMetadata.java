package egret.oracle;

import java.io.File;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.thrift.TBase;
import org.apache.storm.thrift.TEnum;
import org.apache.storm.thrift.TException;
import org.apache.storm.thrift.TFieldIdEnum;
import org.apache.storm.thrift.TFieldRequirementType;
import org.apache.storm.thrift.TUnion;
import org.apache.storm.thrift.meta_data.EnumMetaData;
import org.apache.storm.thrift.meta_data.FieldMetaData;
import org.apache.storm.thrift.meta_data.FieldValueMetaData;
import org.apache.storm.thrift.meta_data.ListMetaData;
import org.apache.storm.thrift.meta_data.MapMetaData;
import org.apache.storm.thrift.meta_data.SetMetaData;
import org.apache.storm.thrift.meta_data.StructMetaData;
import org.apache.storm.thrift.protocol.TType;

/**
 * Says what the generated Thrift classes of the released storm-client jar are: every struct, union,
 * exception, enum and service with ids, names, types, requiredness and default values, as IDL would spell
 * them. Reads nothing but the classes.
 */
public final class ThriftMetadata {
  private static final String PACKAGE = "org.apache.storm.generated.";

  public static void main(String[] args) throws Exception {
    Map<String, Object> structs = new LinkedHashMap<>();
    Map<String, Object> enums = new LinkedHashMap<>();
    Map<String, Object> services = new LinkedHashMap<>();
    for (Class<?> type : generatedClasses()) {
      if (TBase.class.isAssignableFrom(type)) structs.put(type.getSimpleName(), struct(type));
      else if (TEnum.class.isAssignableFrom(type)) enums.put(type.getSimpleName(), enumValues(type));
      else services.put(type.getSimpleName(), service(type));
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("structs", structs);
    answer.put("enums", enums);
    answer.put("services", services);
    System.out.println(JSONValue.toJSONString(answer));
  }

  static List<Class<?>> generatedClasses() throws Exception {
    File jar = new File(StormTopology.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> names = new ArrayList<>();
    try (JarFile file = new JarFile(jar)) {
      file.stream().map(entry -> entry.getName().replace('/', '.')).forEach(name -> {
        if (name.startsWith(PACKAGE) && name.endsWith(".class") && !name.contains("$")) {
          names.add(name.substring(0, name.length() - ".class".length()));
        }
      });
    }
    Collections.sort(names);
    List<Class<?>> classes = new ArrayList<>();
    for (String name : names) {
      Class<?> type = Class.forName(name);
      boolean isService = Arrays.stream(type.getDeclaredClasses()).anyMatch(c -> c.getSimpleName().equals("Iface"));
      if (isService || TBase.class.isAssignableFrom(type) || TEnum.class.isAssignableFrom(type)) classes.add(type);
    }
    return classes;
  }

  private static Map<String, Object> struct(Class<?> type) throws Exception {
    Map<String, Object> answer = new LinkedHashMap<>();
    boolean isUnion = TUnion.class.isAssignableFrom(type);
    answer.put("kind", isUnion ? "union" : TException.class.isAssignableFrom(type) ? "exception" : "struct");
    answer.put("fields", fields(type));
    return answer;
  }

  private static List<FieldMetaData> metadata(Class<?> type, Map<FieldMetaData, TFieldIdEnum> ids) throws Exception {
    Map<?, ?> map = (Map<?, ?>) type.getField("metaDataMap").get(null);
    map.forEach((id, data) -> ids.put((FieldMetaData) data, (TFieldIdEnum) id));
    List<FieldMetaData> sorted = new ArrayList<>(ids.keySet());
    sorted.sort(Comparator.comparingInt(data -> ids.get(data).getThriftFieldId()));
    return sorted;
  }

  private static List<Object> fields(Class<?> type) throws Exception {
    Map<FieldMetaData, TFieldIdEnum> ids = new LinkedHashMap<>();
    List<Object> answer = new ArrayList<>();
    Object fresh = type.getConstructor().newInstance();
    for (FieldMetaData data : metadata(type, ids)) {
      Map<String, Object> field = new LinkedHashMap<>();
      field.put("id", ids.get(data).getThriftFieldId());
      field.put("name", data.fieldName);
      field.put("type", typeName(data.valueMetaData));
      field.put("requiredness", requiredness(data.requirementType));
      Object preset = TUnion.class.isAssignableFrom(type) ? null : preset(fresh, ids.get(data));
      if (preset != null) field.put("default", preset);
      answer.add(field);
    }
    return answer;
  }

  /** The value a field has in a new instance, when Java counts it as set. */
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Object preset(Object fresh, TFieldIdEnum id) {
    TBase base = (TBase) fresh;
    if (!base.isSet(id)) return null;
    Object value = base.getFieldValue(id);
    if (value instanceof ByteBuffer || value instanceof byte[]) return "binary";
    return value instanceof TEnum ? value.toString() : value;
  }

  private static String requiredness(byte type) {
    return switch (type) {
      case TFieldRequirementType.REQUIRED -> "required";
      case TFieldRequirementType.OPTIONAL -> "optional";
      default -> "default";
    };
  }

  private static String typeName(FieldValueMetaData data) {
    if (data instanceof StructMetaData s) return s.structClass.getSimpleName();
    if (data instanceof EnumMetaData e) return e.enumClass.getSimpleName();
    if (data instanceof ListMetaData l) return "list<" + typeName(l.elemMetaData) + ">";
    if (data instanceof SetMetaData s) return "set<" + typeName(s.elemMetaData) + ">";
    if (data instanceof MapMetaData m) {
      return "map<" + typeName(m.keyMetaData) + "," + typeName(m.valueMetaData) + ">";
    }
    return switch (data.type) {
      case TType.BOOL -> "bool";
      case TType.BYTE -> "byte";
      case TType.I16 -> "i16";
      case TType.I32 -> "i32";
      case TType.I64 -> "i64";
      case TType.DOUBLE -> "double";
      case TType.STRING -> data.isBinary() ? "binary" : "string";
      case TType.VOID -> "void";
      case TType.STRUCT -> data.getTypedefName();
      default -> throw new IllegalStateException("no IDL name for type " + data.type);
    };
  }

  private static Map<String, Object> enumValues(Class<?> type) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Object constant : type.getEnumConstants()) values.put(constant.toString(), ((TEnum) constant).getValue());
    return values;
  }

  /** Methods of Iface with the fields of their generated argument and result structs. */
  private static Map<String, Object> service(Class<?> type) throws Exception {
    Class<?> iface = Class.forName(type.getName() + "$Iface");
    Method[] methods = iface.getMethods();
    Arrays.sort(methods, Comparator.comparing(Method::getName));
    Map<String, Object> answer = new LinkedHashMap<>();
    for (Method method : methods) {
      Map<String, Object> described = new LinkedHashMap<>();
      described.put("arguments", fields(Class.forName(type.getName() + "$" + method.getName() + "_args")));
      String resultName = type.getName() + "$" + method.getName() + "_result";
      List<Object> results = fields(Class.forName(resultName));
      described.put("result", results);
      answer.put(method.getName(), described);
    }
    return answer;
  }

  private ThriftMetadata() {}
}
