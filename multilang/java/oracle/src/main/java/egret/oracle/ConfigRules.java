package egret.oracle;

import java.io.PrintStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.storm.Config;
import org.apache.storm.shade.net.minidev.json.JSONArray;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.validation.ConfigValidation;

/**
 * What Storm demands of a topology's configuration. Question {@code {"rules": true}}: for each key of Config
 * the names of its validation annotations. Question {@code {"confs": ["{...}", ...]}}: for each conf, null
 * when Nimbus would take it, else Storm's complaint.
 */
public final class ConfigRules {
    private ConfigRules() {
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err); // Storm's validation logs to standard output
        String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        Map<?, ?> question = (Map<?, ?>) JSONValue.parse(text);
        Object answer = question.containsKey("rules") ? rules() : verdicts((List<?>) question.get("confs"));
        answers.println(JSONValue.toJSONString(answer));
    }

    private static Map<String, List<String>> rules() throws ReflectiveOperationException {
        Map<String, List<String>> rules = new TreeMap<>();
        for (Field field : Config.class.getDeclaredFields()) {
            if (!ConfigValidation.isFieldAllowed(field) || !(field.get(null) instanceof String key)) {
                continue;
            }
            List<String> names = new ArrayList<>();
            for (Annotation annotation : field.getAnnotations()) {
                names.add(describe(annotation));
            }
            rules.put(key, names);
        }
        return rules;
    }

    private static String describe(Annotation annotation) throws ReflectiveOperationException {
        StringBuilder name = new StringBuilder(annotation.annotationType().getSimpleName());
        for (Method part : annotation.annotationType().getDeclaredMethods()) {
            switch (part.getName()) {
                case "includeZero" -> name.append((boolean) part.invoke(annotation) ? "OrZero" : "");
                case "acceptedValues" -> {
                    String accepted = String.join(",", (String[]) part.invoke(annotation));
                    name.append(accepted.isEmpty() ? "" : " in " + accepted);
                }
                case "keyType", "valueType", "type" -> name.append(' ').append(part.getName()).append('=')
                    .append(((Class<?>) part.invoke(annotation)).getSimpleName());
                case "entryValidatorClasses", "valueValidatorClasses" -> {
                    for (Class<?> validator : (Class<?>[]) part.invoke(annotation)) {
                        name.append(' ').append(validator.getSimpleName());
                    }
                }
                case "validatorClass" -> {
                    if (annotation.annotationType().getSimpleName().equals("CustomValidator")) {
                        name.append(' ').append(((Class<?>) part.invoke(annotation)).getSimpleName());
                    }
                }
                default -> {
                }
            }
        }
        return name.toString();
    }

    @SuppressWarnings("unchecked")
    private static JSONArray verdicts(List<?> confs) {
        JSONArray verdicts = new JSONArray();
        for (Object conf : confs) {
            try {
                ConfigValidation.validateTopoConf((Map<String, Object>) JSONValue.parse((String) conf));
                verdicts.add(null);
            } catch (RuntimeException refused) {
                verdicts.add(String.valueOf(refused.getMessage()));
            }
        }
        return verdicts;
    }
}
