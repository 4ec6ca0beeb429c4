package egret.host;

import java.util.List;
import java.util.Map;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.shade.net.minidev.json.JSONValue;

/**
 * The JSON of control messages. It uses the same parser as Storm, so that numbers become the same classes.
 */
final class Json {
    private Json() {
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> parseObject(String text) {
        if (JSONValue.parse(text) instanceof Map<?, ?> object) {
            return (Map<String, Object>) object;
        }
        throw new IllegalArgumentException("expected a JSON object, found: " + text.substring(0, Math.min(80, text.length())));
    }

    static String write(Map<String, ?> object) {
        return JSONObject.toJSONString(object);
    }

    static String string(Map<String, Object> object, String key) {
        return (String) required(object, key);
    }

    static int integer(Map<String, Object> object, String key) {
        return ((Number) required(object, key)).intValue();
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(Map<String, Object> object, String key) {
        return (List<Object>) required(object, key);
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> objects(Map<String, Object> object, String key) {
        return (List<Map<String, Object>>) required(object, key);
    }

    private static Object required(Map<String, Object> object, String key) {
        Object value = object.get(key);
        if (value == null) {
            throw new IllegalArgumentException("control message " + object.get("type") + " has no " + key);
        }
        return value;
    }
}
