package egret.host;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The JVM host: listens on the unix socket named by its first argument, takes one connection, that of its
 * stream manager, and runs Storm's worker as it says. The socket is bound before anything else is loaded, and
 * Storm is loaded while the host waits. Ends with its container, whose process id is the second argument:
 * when the connection ends, or when that process is gone before it comes. (Our parent may be another process
 * by the time that we can look who it is.)
 */
public final class Main {
    private static final long CONTAINER_LOOK_MS = 500;

    private Main() {
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("usage: egret.host.Main SOCKET CONTAINER-PID");
            System.exit(2);
        }
        Path socket = Path.of(args[0]);
        long container = Long.parseLong(args[1]);
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket), 1);
            Thread startup = Startup.begin();
            Link link = new Link(accept(listener, container));
            Files.deleteIfExists(socket); // one connection in a life: the name is not needed any longer
            new Host(link, startup).run();
        }
    }

    private static SocketChannel accept(ServerSocketChannel listener, long container) throws IOException {
        listener.configureBlocking(false);
        try (Selector selector = Selector.open()) {
            listener.register(selector, SelectionKey.OP_ACCEPT);
            while (true) {
                SocketChannel channel = listener.accept();
                if (channel != null) {
                    return channel;
                }
                selector.selectedKeys().clear();
                selector.select(CONTAINER_LOOK_MS);
                if (!ProcessHandle.of(container).map(ProcessHandle::isAlive).orElse(false)) {
                    throw new IOException("the container ended before it connected");
                }
            }
        }
    }
}
