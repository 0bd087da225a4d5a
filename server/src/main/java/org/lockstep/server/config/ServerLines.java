package org.lockstep.server.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lockstep.server.config.EnsembleServer.Address;

/**
 * The {@code server.N=host:quorumPort:electionPort[:role][;[clientHost:]clientPort]} lines, of zoo.cfg or of the file that
 * {@code dynamicConfigFile} names. A {@code |} separates several addresses of one server.
 *
 * @param servers in ascending order of their ids; empty when there was no line
 */
record ServerLines(List<EnsembleServer> servers) {
    private static final String KEY_PREFIX = "server.";
    private static final int ID_MAX = 254;
    private static final int PORT_MAX = 65535;
    private static final String FORM = "write host:quorumPort:electionPort[:participant|observer][;[clientHost:]clientPort]";
    private static final String HOST = "\\[[0-9A-Fa-f:.%]+\\]|[^:;|\\[\\]\\s]+";
    private static final Pattern ADDRESS =
        Pattern.compile("(?<host>" + HOST + "):(?<quorum>\\d+):(?<election>\\d+)(?::(?<role>\\w+))?");
    private static final Pattern CLIENT = Pattern.compile("(?:(?:(?<host>" + HOST + "):)?(?<port>\\d+))?(?:;(?<secure>.*))?");

    static boolean isServerKey(String key) {
        return key.startsWith(KEY_PREFIX);
    }

    static ServerLines of(ConfigSource source) throws ConfigException {
        TreeMap<Integer, EnsembleServer> byId = new TreeMap<>();
        Map<String, Integer> takenBy = new HashMap<>();
        for (String key : new TreeSet<>(source.file().stringPropertyNames())) {
            if (isServerKey(key)) {
                EnsembleServer server = parse(source, key, source.file().getProperty(key).trim());
                if (byId.put(server.id(), server) != null) {
                    throw source.bad(key, source.file().getProperty(key).trim(), "gives the id " + server.id()
                        + " a second time", "each server has an id of its own");
                }
                requireOwnAddresses(source, server, takenBy);
            }
        }
        List<EnsembleServer> servers = List.copyOf(byId.values());
        requireVoter(source, servers);
        return new ServerLines(servers);
    }

    private static void requireOwnAddresses(ConfigSource source, EnsembleServer server, Map<String, Integer> takenBy)
            throws ConfigException {
        for (Address address : server.addresses()) {
            Integer other = takenBy.put(address.host().toLowerCase(Locale.ROOT) + ' ' + address.quorumPort(), server.id());
            if (other != null) {
                throw new ConfigException(source.name() + ": server." + other + " and server." + server.id()
                    + " have the same address " + address.host() + ":" + address.quorumPort() + "; each needs its own");
            }
        }
    }

    private static void requireVoter(ConfigSource source, List<EnsembleServer> servers) throws ConfigException {
        if (servers.isEmpty() || servers.stream().anyMatch(server -> !server.observer())) {
            return;
        }
        EnsembleServer first = servers.get(0);
        if (servers.size() == 1) {
            throw source.bad(KEY_PREFIX + first.id(), source.file().getProperty(KEY_PREFIX + first.id()),
                "makes the only server an observer", "remove :observer");
        }
        throw new ConfigException(source.name() + ": all server.N lines are observers, so there is nobody to vote; remove "
            + ":observer from at least one, better three, of them");
    }

    private static EnsembleServer parse(ConfigSource source, String key, String value) throws ConfigException {
        String digits = key.substring(KEY_PREFIX.length());
        if (!digits.matches("\\d{1,3}") || Integer.parseInt(digits) > ID_MAX) {
            throw source.bad(key, value, "names no server", "write server.N with N from 0 to " + ID_MAX);
        }
        int semicolon = value.indexOf(';');
        List<Address> addresses = new ArrayList<>();
        String role = null;
        for (String one : (semicolon < 0 ? value : value.substring(0, semicolon)).split("\\|", -1)) {
            Matcher matcher = ADDRESS.matcher(one.trim());
            if (!matcher.matches()) {
                throw source.bad(key, value, "is not a server line", FORM);
            }
            addresses.add(address(source, key, value, matcher));
            role = matcher.group("role") == null ? role : role(source, key, value, role, matcher.group("role"));
        }
        Matcher client = CLIENT.matcher(semicolon < 0 ? "" : value.substring(semicolon + 1).trim());
        if (!client.matches()) {
            throw source.bad(key, value, "is not a server line", FORM);
        }
        requireNoTls(source, key, value, client.group("secure"));
        int port = source.toInt(key, client.group("port"), -1, 1, PORT_MAX);
        return new EnsembleServer(Integer.parseInt(digits), addresses, "observer".equals(role), bare(client.group("host")), port);
    }

    private static Address address(ConfigSource source, String key, String value, Matcher matcher) throws ConfigException {
        int quorumPort = source.toInt(key, matcher.group("quorum"), -1, 1, PORT_MAX);
        int electionPort = source.toInt(key, matcher.group("election"), -1, 1, PORT_MAX);
        if (quorumPort == electionPort) {
            throw source.bad(key, value, "has the same quorum and election port", "give two different ones");
        }
        return new Address(bare(matcher.group("host")), quorumPort, electionPort);
    }

    private static String role(ConfigSource source, String key, String value, String before, String word) throws ConfigException {
        String role = word.toLowerCase(Locale.ROOT);
        if (!role.equals("participant") && !role.equals("observer")) {
            throw source.bad(key, value, "has the unknown role " + word, "write participant or observer, or leave it out");
        }
        if (before != null && !before.equals(role)) {
            throw source.bad(key, value, "has two roles", "give all addresses of a server the same role");
        }
        return role;
    }

    private static void requireNoTls(ConfigSource source, String key, String value, String secure) throws ConfigException {
        if (secure != null && !secure.isEmpty()) {
            throw source.bad(key, value, "asks for a TLS port, and TLS is not supported yet", "remove the last ;" + secure);
        }
    }

    private static String bare(String host) {
        return host != null && host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}
