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
 * The JVM host: listens on the unix socket named by its only argument, takes one connection, that of its stream manager,
 * and runs Storm's worker as it says. The socket is bound before anything else is loaded, and Storm is loaded while the
 * host waits. Ends with its container: when the connection ends, or when the parent process is gone before it comes.
 */
public final class Main {
    private static final long PARENT_LOOK_MS = 500;

    private Main() {
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 1) {
            System.err.println("usage: egret.host.Main SOCKET");
            System.exit(2);
        }
        Path socket = Path.of(args[0]);
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket), 1);
            Thread startup = Startup.begin();
            Link link = new Link(accept(listener));
            Files.deleteIfExists(socket); // one connection in a life: the name is not needed any longer
            new Host(link, startup).run();
        }
    }

    private static SocketChannel accept(ServerSocketChannel listener) throws IOException {
        ProcessHandle parent = ProcessHandle.current().parent().orElse(null);
        listener.configureBlocking(false);
        try (Selector selector = Selector.open()) {
            listener.register(selector, SelectionKey.OP_ACCEPT);
            while (true) {
                SocketChannel channel = listener.accept();
                if (channel != null) {
                    return channel;
                }
                selector.selectedKeys().clear();
                selector.select(PARENT_LOOK_MS);
                if (parent != null && !parent.isAlive()) {
                    throw new IOException("the container ended before it connected");
                }
            }
        }
    }
}
