package egret.host;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.utils.Utils;

/**
 * Writes the defaults of the released storm-client jar as JSON. The gateway takes its own defaults from that
 * file.
 */
public final class DumpDefaults {
    private DumpDefaults() {
    }

    public static void main(String[] args) throws Exception {
        Files.writeString(Path.of(args[0]), JSONObject.toJSONString(Utils.readDefaultConfig()), StandardCharsets.UTF_8);
    }
}
