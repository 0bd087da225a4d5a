package org.lockstep.compat.servers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Asks a server one of ZooKeeper's text commands ({@code ruok}, {@code srvr}, {@code mntr}, ...). */
public final class FourLetterWord {
    private FourLetterWord() {}

    /**
     * Sends {@code word} and reads the answer up to the end of the stream.
     *
     * @param timeoutMillis bound for the connect and for each read
     * @throws IOException when nobody listens, or the answer does not end in time
     */
    public static String ask(String host, int port, String word, int timeoutMillis) throws IOException {
        long deadlineNanos = System.nanoTime() + timeoutMillis * 1_000_000L;
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), timeoutMillis);
            socket.setSoTimeout(timeoutMillis);
            socket.getOutputStream().write(word.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            byte[] chunk = new byte[4096];
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                answer.write(chunk, 0, read);
                if (System.nanoTime() > deadlineNanos) {
                    throw new SocketTimeoutException("answer to " + word + " does not end");
                }
            }
            return answer.toString(StandardCharsets.UTF_8);
        }
    }

    /** The lines of {@code mntr}, key (with its {@code zk_}) to value. */
    public static Map<String, String> monitor(String host, int port, int timeoutMillis) throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : ask(host, port, "mntr", timeoutMillis).split("\n")) {
            int tab = line.indexOf('\t');
            if (tab > 0) {
                values.put(line.substring(0, tab), line.substring(tab + 1).strip());
            }
        }
        return values;
    }
}
