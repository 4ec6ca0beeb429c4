package egret.oracle;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.storm.thrift.TBase;
import org.apache.storm.thrift.TDeserializer;
import org.apache.storm.thrift.TEnum;
import org.apache.storm.thrift.TFieldIdEnum;
import org.apache.storm.thrift.TFieldRequirementType;
import org.apache.storm.thrift.TSerializer;
import org.apache.storm.thrift.TUnion;
import org.apache.storm.thrift.meta_data.EnumMetaData;
import org.apache.storm.thrift.meta_data.FieldMetaData;
import org.apache.storm.thrift.meta_data.FieldValueMetaData;
import org.apache.storm.thrift.meta_data.ListMetaData;
import org.apache.storm.thrift.meta_data.MapMetaData;
import org.apache.storm.thrift.meta_data.SetMetaData;
import org.apache.storm.thrift.meta_data.StructMetaData;
import org.apache.storm.thrift.protocol.TBinaryProtocol;
import org.apache.storm.thrift.protocol.TType;

/** Makes random instances of generated Thrift classes, and says in JSON what an instance holds. */
@SuppressWarnings({"rawtypes", "unchecked"})
final class ThriftValues {
  private static final long[] LONGS = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 53, (1L << 53) + 1, -(1L << 53) - 1};
  private static final double[] DOUBLES = {
    0.0, -0.0, 1.5, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.MIN_VALUE, Double.MAX_VALUE,
    Double.MIN_NORMAL, 0.1
  };
  private static final String[] STRINGS = {"", "default", "\u0000", "\u00e4\u20ac\ud83d\ude00", "{\"a\":1}", "a/b"};

  private final Random random;

  ThriftValues(long seed) {
    random = new Random(seed);
  }

  static Class<? extends TBase> classOf(String name) throws ClassNotFoundException {
    return (Class<? extends TBase>) Class.forName("org.apache.storm.generated." + name);
  }

  static byte[] write(TBase value) throws Exception {
    return new TSerializer(new TBinaryProtocol.Factory()).serialize(value);
  }

  static TBase read(Class<? extends TBase> type, byte[] bytes) throws Exception {
    TBase value = type.getConstructor().newInstance();
    new TDeserializer(new TBinaryProtocol.Factory()).deserialize(value, bytes);
    return value;
  }

  static Map<TFieldIdEnum, FieldMetaData> metadata(Class<?> type) throws Exception {
    return (Map<TFieldIdEnum, FieldMetaData>) type.getField("metaDataMap").get(null);
  }

  /** An instance with every required field and some of the others; `all` sets those too. */
  TBase make(Class<?> type, boolean all) throws Exception {
    TBase value = (TBase) type.getConstructor().newInstance();
    List<Map.Entry<TFieldIdEnum, FieldMetaData>> fields = new ArrayList<>(metadata(type).entrySet());
    if (TUnion.class.isAssignableFrom(type)) fields = List.of(fields.get(random.nextInt(fields.size())));
    for (Map.Entry<TFieldIdEnum, FieldMetaData> field : fields) {
      boolean isOptional = field.getValue().requirementType != TFieldRequirementType.REQUIRED;
      if (isOptional && fields.size() > 1 && !all && random.nextInt(3) == 0) continue;
      value.setFieldValue(field.getKey(), any(field.getValue().valueMetaData));
    }
    return value;
  }

  Object any(FieldValueMetaData type) throws Exception {
    if (type instanceof StructMetaData s) return make(s.structClass, false);
    if (type instanceof EnumMetaData e) {
      Object[] constants = e.enumClass.getEnumConstants();
      return constants[random.nextInt(constants.length)];
    }
    if (type instanceof ListMetaData l) return fill(new ArrayList<>(), l.elemMetaData);
    if (type instanceof SetMetaData s) return fill(new HashSet<>(), s.elemMetaData);
    if (type instanceof MapMetaData m) {
      Map<Object, Object> map = new HashMap<>();
      for (int left = random.nextInt(4); left > 0; left--) map.put(any(m.keyMetaData), any(m.valueMetaData));
      return map;
    }
    return switch (type.type) {
      case TType.BOOL -> random.nextBoolean();
      case TType.I32 -> random.nextInt(4) == 0 ? Integer.MIN_VALUE : random.nextInt();
      case TType.I64 -> random.nextBoolean() ? LONGS[random.nextInt(LONGS.length)] : random.nextLong();
      case TType.DOUBLE -> random.nextBoolean()
          ? DOUBLES[random.nextInt(DOUBLES.length)]
          : Double.longBitsToDouble(random.nextLong());
      case TType.STRING -> type.isBinary() ? bytes() : text();
      default -> throw new IllegalStateException("no value for type " + type.type);
    };
  }

  private Collection<Object> fill(Collection<Object> into, FieldValueMetaData element) throws Exception {
    for (int left = random.nextInt(4); left > 0; left--) into.add(any(element));
    return into;
  }

  private ByteBuffer bytes() {
    byte[] bytes = new byte[random.nextInt(20)];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private String text() {
    return random.nextInt(3) == 0 ? STRINGS[random.nextInt(STRINGS.length)] : "s" + random.nextInt(1000);
  }

  /**
   * What a value holds, as JSON can say it: i64 in decimals and doubles by their bits, as text; binary as
   * base64; enums by name; structs as objects of the fields that are set; maps as pairs; maps and sets sorted
   * by a plain text of them.
   */
  static Object describe(Object value) throws Exception {
    if (value instanceof TBase base) return describeStruct(base);
    if (value instanceof TEnum) return value.toString();
    if (value instanceof Long) return value.toString();
    if (value instanceof Double d) return Long.toHexString(Double.doubleToLongBits(d));
    if (value instanceof byte[] b) return Base64.getEncoder().encodeToString(b);
    if (value instanceof ByteBuffer b) {
      byte[] copy = new byte[b.remaining()];
      b.duplicate().get(copy);
      return Base64.getEncoder().encodeToString(copy);
    }
    if (value instanceof Map<?, ?> map) {
      List<Object> pairs = new ArrayList<>();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        pairs.add(List.of(describe(entry.getKey()), describe(entry.getValue())));
      }
      return sorted(pairs);
    }
    if (value instanceof Collection<?> collection) {
      List<Object> elements = new ArrayList<>();
      for (Object element : collection) elements.add(describe(element));
      return value instanceof Set ? sorted(elements) : elements;
    }
    return value;
  }

  private static Object describeStruct(TBase base) throws Exception {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (base instanceof TUnion union) {
      fields.put(((FieldMetaData) metadata(base.getClass()).get(union.getSetField())).fieldName, describe(union.getFieldValue()));
      return fields;
    }
    List<Map.Entry<TFieldIdEnum, FieldMetaData>> known = new ArrayList<>(metadata(base.getClass()).entrySet());
    known.sort(Comparator.comparing(entry -> entry.getKey().getThriftFieldId()));
    for (Map.Entry<TFieldIdEnum, FieldMetaData> entry : known) {
      if (!base.isSet(entry.getKey())) continue;
      fields.put(entry.getValue().fieldName, describe(base.getFieldValue(entry.getKey())));
    }
    return fields;
  }

  /** By a plain text of the value, compared by UTF-16 units, as JavaScript compares. */
  private static List<Object> sorted(List<Object> values) {
    values.sort(Comparator.comparing(ThriftValues::sortKey));
    return values;
  }

  private static String sortKey(Object value) {
    if (value instanceof Map<?, ?> map) {
      StringBuilder text = new StringBuilder("{");
      map.forEach((key, each) -> text.append(key).append(':').append(sortKey(each)).append(','));
      return text.append('}').toString();
    }
    if (value instanceof List<?> list) {
      StringBuilder text = new StringBuilder("[");
      list.forEach(each -> text.append(sortKey(each)).append(','));
      return text.append(']').toString();
    }
    return String.valueOf(value);
  }
}
