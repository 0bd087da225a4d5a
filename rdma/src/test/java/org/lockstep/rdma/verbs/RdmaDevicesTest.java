package org.lockstep.rdma.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RdmaDevicesTest {
    @TempDir
    private Path directory;

    private void gid(String device, int index, String gid, String type) throws IOException {
        Path port = directory.resolve(device).resolve("ports/1");
        Files.createDirectories(port.resolve("gids"));
        Files.createDirectories(port.resolve("gid_attrs/types"));
        Files.writeString(port.resolve("gids/" + index), gid + "\n");
        Files.writeString(port.resolve("gid_attrs/types/" + index), type + "\n");
    }

    private void twoDevices() throws IOException {
        gid("mlx5_0", 0, "fe80:0000:0000:0000:0011:22ff:fe33:4455", "IB/RoCE v1");
        gid("mlx5_0", 1, "0000:0000:0000:0000:0000:ffff:c0a8:0107", "IB/RoCE v1");
        gid("mlx5_0", 2, "0000:0000:0000:0000:0000:ffff:c0a8:0207", "RoCE v2");
        gid("mlx5_0", 10, "0000:0000:0000:0000:0000:ffff:c0a8:0307", "RoCE v2");
        gid("mlx5_1", 0, "0000:0000:0000:0000:0000:ffff:0a00:0001", "RoCE v2");
    }

    private String addressOf(String device, int index) throws IOException {
        return RdmaDevices.of(directory).addressOf(device, index).getHostAddress();
    }

    private void assertRefused(String message, String device, int index) {
        String said = assertThrows(RdmaUnavailableException.class, () -> addressOf(device, index)).getMessage();
        assertTrue(said.startsWith(message), said);
    }

    @Test
    void firstAddressOfTheNewerProtocolIsTaken() throws IOException {
        twoDevices();
        assertEquals("192.168.2.7", addressOf("mlx5_0", -1));
        assertEquals("192.168.2.7", addressOf(null, -1));
        assertEquals("10.0.0.1", addressOf("mlx5_1", -1));
    }

    @Test
    void indexChoosesAnother() throws IOException {
        twoDevices();
        assertEquals("192.168.1.7", addressOf("mlx5_0", 1));
        assertEquals("192.168.3.7", addressOf("mlx5_0", 10));
        assertRefused("entry 0 of the GID table of mlx5_0 holds no IPv4 address: ", "mlx5_0", 0);
    }

    @Test
    void whatIsMissingIsNamedWithItsRemedy() throws IOException {
        assertRefused("this machine has no RDMA device: load ", null, -1);
        gid("ib0", 0, "fe80:0000:0000:0000:0011:22ff:fe33:4455", "IB/RoCE v1");
        assertRefused("no RDMA device is called ib1: rdma.device must be one of [ib0]", "ib1", -1);
        assertRefused("the GID table of ib0 holds no IPv4 address: ", "ib0", -1);
    }

    @Test
    void addressMustBeOneOfTheDeviceWhereItsTableTells() throws IOException {
        twoDevices();
        gid("ib0", 0, "fe80:0000:0000:0000:0011:22ff:fe33:4455", "IB/RoCE v1");
        RdmaDevices devices = RdmaDevices.of(directory);
        assertTrue(devices.isOf("mlx5_0", InetAddress.getByName("192.168.3.7")));
        assertFalse(devices.isOf("mlx5_0", InetAddress.getByName("10.0.0.1")));
        assertTrue(devices.isOf("ib0", InetAddress.getByName("10.0.0.1")));
    }
}
