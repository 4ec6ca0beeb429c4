package egret.dlog.example;

import egret.dlog.DlogClient;
import egret.dlog.DlogException;
import egret.dlog.Position;
import egret.dlog.Record;
import egret.dlog.StreamWriter;
import egret.dlog.Tail;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Appends the lines of standard input, or prints a stream, one record per line: {@code append|tail|truncate
 * HOST:PORT STREAM [POSITION|--no-follow]}.
 */
public final class Lines {
    private Lines() {}

    public static void main(String[] args) throws IOException {
        int colon = args[1].lastIndexOf(':');
        int port = Integer.parseInt(args[1].substring(colon + 1));
        var client = new DlogClient(List.of(InetSocketAddress.createUnresolved(args[1].substring(0, colon), port)));
        String rest = args.length > 3 ? args[3] : "";
        switch (args[0]) {
            case "append" -> System.exit(append(client, args[2]));
            case "truncate" -> System.out.println(client.truncate(args[2], Position.parse(rest)));
            default -> tail(client, args[2], !rest.equals("--no-follow"));
        }
    }

    /**
     * Prints the position of each durable line, in order; returns 1 at the first line that is not durable.
     */
    private static int append(DlogClient client, String stream) throws IOException {
        var futures = new ArrayDeque<CompletableFuture<Position>>();
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (StreamWriter writer = client.writer(stream)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                futures.add(writer.append(line.getBytes(StandardCharsets.UTF_8)));
                if (!printDone(futures)) return 1;
            }
        }
        return printDone(futures) ? 0 : 1;
    }

    private static boolean printDone(ArrayDeque<CompletableFuture<Position>> futures) {
        while (!futures.isEmpty() && futures.peek().isDone()) {
            try {
                System.out.println(futures.remove().join());
            } catch (CompletionException error) {
                var failure = (DlogException) error.getCause();
                System.err.println(failure.fate().name().toLowerCase() + ": " + failure.getMessage());
                return false;
            }
        }
        return true;
    }

    private static void tail(DlogClient client, String stream, boolean isFollowing) {
        try (Tail tail = client.tail(stream, Tail.From.earliest(), isFollowing, to -> {})) {
            while (tail.hasNext()) {
                Record record = tail.next();
                System.out.println(record.position() + "\t" + new String(record.payload(), StandardCharsets.UTF_8));
            }
        }
    }
}
