package org.lockstep.server.config;

import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The {@code server.N=host:quorumPort:electionPort[:role][;[clientHost:]clientPort]} lines, of zoo.cfg or of the file that
 * {@code dynamicConfigFile} names. At most one server for now: its id and client address count, its other ports do not.
 *
 * @param id N of the one line; {@link #STANDALONE_ID} when there is none
 * @param listed true when there was a line
 * @param clientHost host part of the line's client address; null when absent
 * @param clientPort port part of the line's client address; -1 when absent
 */
record ServerLines(int id, boolean listed, String clientHost, int clientPort) {
    /** The id that ZooKeeper's standalone server puts into its session ids. */
    static final int STANDALONE_ID = 1;

    private static final String KEY_PREFIX = "server.";
    private static final int ID_MAX = 254;
    private static final String HOST = "(?:\\[[0-9A-Fa-f:.%]+\\]|[^:;|\\[\\]]+)";
    private static final Pattern SPEC = Pattern.compile(HOST + ":\\d+:\\d+(?::(?<role>\\w+))?"
        + "(?:;(?:(?<host>" + HOST + "):)?(?<port>\\d+)?(?<secure>;.*)?)?");

    static boolean isServerKey(String key) {
        return key.startsWith(KEY_PREFIX);
    }

    static ServerLines of(ConfigSource source) throws ConfigException {
        TreeMap<String, String> lines = new TreeMap<>();
        Properties file = source.file();
        for (String key : file.stringPropertyNames()) {
            if (isServerKey(key)) {
                lines.put(key, file.getProperty(key).trim());
            }
        }
        if (lines.isEmpty()) {
            return new ServerLines(STANDALONE_ID, false, null, -1);
        }
        if (lines.size() > 1) {
            throw new ConfigException(source.name() + ": " + String.join(", ", lines.keySet())
                + " describe an ensemble, and ensembles are not supported yet; keep at most one to run a single server");
        }
        return parse(source, lines.firstKey(), lines.firstEntry().getValue());
    }

    private static ServerLines parse(ConfigSource source, String key, String value) throws ConfigException {
        String digits = key.substring(KEY_PREFIX.length());
        if (!digits.matches("\\d{1,3}") || Integer.parseInt(digits) > ID_MAX) {
            throw source.bad(key, value, "names no server", "write server.N with N from 0 to " + ID_MAX);
        }
        int id = Integer.parseInt(digits);
        Matcher matcher = SPEC.matcher(value);
        if (!matcher.matches()) {
            throw source.bad(key, value, "is not a server line", "write host:quorumPort:electionPort[;[clientHost:]clientPort]");
        }
        if ("observer".equals(matcher.group("role"))) {
            throw source.bad(key, value, "makes the only server an observer", "remove :observer");
        }
        String secure = matcher.group("secure");
        if (secure != null && secure.length() > 1) {
            throw source.bad(key, value, "asks for a TLS port, and TLS is not supported yet",
                "remove the last ;" + secure.substring(1));
        }
        int port = source.toInt(key, matcher.group("port"), -1, 1, 65535);
        return new ServerLines(id, true, matcher.group("host"), port);
    }
}
