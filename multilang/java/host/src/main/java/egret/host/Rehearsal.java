package egret.host;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.utils.Utils;

/**
 * One short life of a host, played against itself, for the JVM to write down the classes that every host
 * loads (`-XX:ArchiveClassesAtExit`): a host that starts with that archive is ready in half the time.
 * Arguments: a directory for the rehearsal's files. Ends the JVM as a stopped host ends it.
 */
public final class Rehearsal implements Link.Sink {
    private static final String TOPOLOGY = "rehearsal-1-1";
    private static final int SLOT_PORT = 6700;

    private final Path directory;
    private Link link;
    private long tuples;

    private Rehearsal(Path directory) {
        this.directory = directory;
    }

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]).toAbsolutePath();
        Files.createDirectories(directory.resolve("code/resources"));
        System.setProperty("worker.log.dir", directory.toString());
        System.setProperty("logfile.name", "worker.log");
        System.setProperty("storm.log.dir", directory.toString());
        System.setProperty("log4j.configurationFile", "classpath:egret/host/worker-log4j2.xml");
        // The path stays as given, because a relative one is short enough for a socket's name.
        Path socket = Path.of(args[0], "host.sock");
        loadShell();
        Thread host = new Thread(() -> runHost(socket), "rehearsed-host");
        host.setDaemon(true);
        host.start();
        new Rehearsal(directory).run(socket);
    }

    /** Loads our classes of shell components, because a rehearsal starts no shell task. */
    private static void loadShell() throws Exception {
        Path jar = Path.of(ShellBolt.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (JarFile classes = new JarFile(jar.toFile())) {
            for (String name : classes.stream().map(JarEntry::getName).filter(Rehearsal::isShells).toList()) {
                Class.forName(name.substring(0, name.length() - ".class".length()).replace('/', '.'));
            }
        }
    }

    private static boolean isShells(String name) {
        return name.startsWith("egret/shell/") && name.endsWith(".class");
    }

    private static void runHost(Path socket) {
        try {
            Main.main(new String[] {socket.toString(), String.valueOf(ProcessHandle.current().pid())});
        } catch (Exception e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    private void run(Path socket) throws Exception {
        link = new Link(connect(socket));
        link.read(this);
    }

    private static SocketChannel connect(Path socket) throws Exception {
        while (true) {
            try {
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                channel.connect(UnixDomainSocketAddress.of(socket));
                return channel;
            } catch (IOException e) {
                Thread.sleep(5); // the host does not listen yet
            }
        }
    }

    /** What goes to the bolt elsewhere comes back for the bolt here. */
    @Override
    public void dataFrame(byte[] bytes, int start, int end) {
        byte[] frame = Arrays.copyOfRange(bytes, start, end);
        if (Frame.target(frame, 0) == RehearsedTopology.TASK_ELSEWHERE) {
            tuples += Frame.count(frame, 0);
            Frame.putHeader(frame, 0, RehearsedTopology.TASK_HERE, Frame.stream(frame, 0), Frame.source(frame, 0));
            link.write(frame, frame.length);
        }
    }

    @Override
    public void endOfRead() {
    }

    @Override
    public void controlFrame(String json) throws IOException {
        if (json.contains("\"type\":\"hello\"")) {
            begin();
        } else if (json.contains("\"type\":\"stats\"") && tuples > 0) {
            link.sendControl("{\"type\":\"stop\",\"graceMs\":2000}");
        } else if (json.contains("\"type\":\"fatal\"")) {
            System.err.println(json);
        }
    }

    private void begin() throws IOException {
        Path code = directory.resolve("code");
        StormTopology topology = RehearsedTopology.make();
        Files.write(code.resolve("stormcode.ser"), Utils.serialize(topology));
        Map<String, Object> conf = new HashMap<>(Utils.readDefaultConfig());
        conf.put("topology.acker.executors", 1);
        conf.put("topology.kryo.register", Map.of());
        Files.write(code.resolve("stormconf.ser"), Utils.toCompressedJsonConf(Map.of("topology.acker.executors", 1)));
        Files.writeString(code.resolve("conf.json"), Json.write(conf));
        link.sendControl(Json.write(startMessage()));
        link.sendControl("{\"type\":\"plan\",\"plan\":{\"status\":\"ACTIVE\",\"isComplete\":true}}");
        link.sendControl("{\"type\":\"loads\",\"loads\":[[1,0.5]]}");
        link.sendControl("{\"type\":\"pressure\",\"reporter\":\"r\",\"tasks\":[]}");
    }

    private Map<String, Object> startMessage() {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("type", "start");
        message.put("topologyId", TOPOLOGY);
        message.put("topologyName", "rehearsal");
        message.put("containerId", 1);
        message.put("workerId", "rehearsal");
        message.put("codeDir", directory.resolve("code").toString());
        message.put("stormLocalDir", directory.resolve("local").toString());
        message.put("logDir", directory.resolve("logs/workers-artifacts/" + TOPOLOGY + "/" + SLOT_PORT).toString());
        message.put("confOverrides", Map.of("executor.metrics.frequency.secs", 1));
        message.put("containers", List.of(container(1), container(2)));
        message.put("tasks", RehearsedTopology.tasks());
        return message;
    }

    private static Map<String, Object> container(int id) {
        return Map.of("containerId", id, "slotPort", SLOT_PORT + id - 1, "nodeId", "node", "hostname", "localhost");
    }
}
