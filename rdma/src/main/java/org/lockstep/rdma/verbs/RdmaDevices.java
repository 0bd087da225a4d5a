package org.lockstep.rdma.verbs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The RDMA devices that Linux shows, and the IPv4 addresses in their tables of global ids (GIDs): a RoCE device has one entry for
 * each address of its network interface and version of the protocol. InfiniBand devices have none of them: there the address of
 * the IPoIB interface must be known.
 */
public final class RdmaDevices {
    private static final Path SYSTEM = Path.of("/sys/class/infiniband");
    private static final String ROCE_V2 = "RoCE v2";

    /**
     * An entry of a device's table.
     *
     * @param type as the kernel names it; empty when it does not
     */
    private record Entry(String device, int index, InetAddress address, String type) {}

    private final Path directory;

    private RdmaDevices(Path directory) {
        this.directory = directory;
    }

    /** Of this machine. */
    public static RdmaDevices ofThisMachine() {
        return new RdmaDevices(SYSTEM);
    }

    /** As a directory of the form of /sys/class/infiniband says. */
    static RdmaDevices of(Path directory) {
        return new RdmaDevices(directory);
    }

    /**
     * The address by which a device is chosen.
     *
     * @param device its name, or null for any
     * @param gidIndex the entry of the device's table, or -1 for the first of RoCE v2
     * @throws RdmaUnavailableException with the remedy, when there is no such device or entry
     */
    public InetAddress addressOf(String device, int gidIndex) throws RdmaUnavailableException {
        List<String> names = names();
        if (names.isEmpty()) {
            throw new RdmaUnavailableException("this machine has no RDMA device: load the kernel module of the card, or 'rdma link add"
                    + " rxe0 type rxe netdev <interface>' for Soft-RoCE", null);
        }
        if (device != null && !names.contains(device)) {
            throw new RdmaUnavailableException("no RDMA device is called " + device + ": rdma.device must be one of " + names, null);
        }
        List<Entry> entries = new ArrayList<>();
        for (String name : device == null ? names : List.of(device)) {
            entries.addAll(entries(name));
        }
        return entries.stream().filter(entry -> gidIndex >= 0 ? entry.index() == gidIndex : entry.type().equals(ROCE_V2))
                .findFirst().or(() -> entries.stream().filter(entry -> gidIndex < 0).findFirst())
                .orElseThrow(() -> new RdmaUnavailableException((gidIndex >= 0 ? "entry " + gidIndex + " of the GID table" : "the GID"
                        + " table") + " of " + (device == null ? names : device) + " holds no IPv4 address: give the device's"
                        + " network interface one, or set rdma.address to that of its IPoIB interface", null)).address();
    }

    /** Whether {@code address} is one of the device, as far as its table tells; true for a device without IPv4 addresses. */
    public boolean isOf(String device, InetAddress address) {
        List<Entry> entries = names().contains(device) ? entries(device) : List.of();
        return entries.isEmpty() || entries.stream().anyMatch(entry -> entry.address().equals(address));
    }

    private List<String> names() {
        return list(directory);
    }

    private static List<String> list(Path of) {
        try (Stream<Path> files = Files.list(of)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Entry> entries(String device) {
        TreeMap<Integer, Entry> byIndex = new TreeMap<>();
        Path ports = directory.resolve(device).resolve("ports");
        for (String port : list(ports)) {
            for (String index : list(ports.resolve(port).resolve("gids"))) {
                InetAddress address = ipv4(read(ports.resolve(port).resolve("gids").resolve(index)));
                String type = read(ports.resolve(port).resolve("gid_attrs/types").resolve(index));
                if (address != null) {
                    byIndex.putIfAbsent(Integer.parseInt(index), new Entry(device, Integer.parseInt(index), address, type));
                }
            }
        }
        return List.copyOf(byIndex.values());
    }

    /** Unused entries of the table cannot be read. */
    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** The address in ::ffff:a.b.c.d, written out; null for any other id. */
    private static InetAddress ipv4(String gid) {
        String digits = gid.replace(":", "");
        if (digits.length() != 32 || !digits.startsWith("00000000000000000000ffff")) {
            return null;
        }
        try {
            return InetAddress.getByAddress(HexFormat.of().parseHex(digits.substring(24)));
        } catch (UnknownHostException | IllegalArgumentException e) {
            return null;
        }
    }
}
