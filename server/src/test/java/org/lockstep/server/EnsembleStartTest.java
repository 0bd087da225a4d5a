package org.lockstep.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.server.config.ServerConfig;

/** How a server of an ensemble says that it cannot start. */
class EnsembleStartTest {
    @TempDir
    Path directory;

    private ServerConfig config(String host, String... more) throws Exception {
        return config(host, 2888, more);
    }

    private ServerConfig config(String host, int port, String... more) throws Exception {
        Properties zooCfg = new Properties();
        zooCfg.setProperty("dataDir", directory.toString());
        zooCfg.setProperty("clientPort", "0");
        zooCfg.setProperty("server.1", host + ":" + port + ":3888");
        zooCfg.setProperty("server.2", "other.invalid:2888:3888");
        for (String key : more) {
            zooCfg.setProperty(key, "true");
        }
        Files.writeString(directory.resolve("myid"), "1");
        return ServerConfig.of(zooCfg);
    }

    private String bindError(ServerConfig config) {
        StartException error = PeerPortError.of(config.ensemble(), new BindException("Address already in use"));
        assertEquals(14, error.exitCode().value());
        return error.getMessage();
    }

    @Test
    void anAddressOfAnotherMachineIsNamed() throws Exception {
        // 192.0.2.0/24 is set aside for documentation: no machine has it.
        assertEquals("server.1=192.0.2.1:2888:3888:participant: 192.0.2.1 (192.0.2.1) is not an address of this machine; correct "
                + "the line, or myid if this is not server 1, or set quorumListenOnAllIPs=true", bindError(config("192.0.2.1")));
        assertTrue(bindError(config("name.invalid")).contains("name.invalid does not resolve; correct the line, or myid"));
    }

    @Test
    void aPortThatIsTakenIsNamed() throws Exception {
        String expected = "cannot listen on port 2888 for the other servers (Address already in use); stop what listens there";
        for (ServerConfig config : new ServerConfig[] {config("127.0.0.1"), config("0.0.0.0"),
            config("192.0.2.1", "quorumListenOnAllIPs")}) {
            assertTrue(bindError(config).contains(expected), bindError(config));
        }
    }

    @Test
    void aStartWhosePeerPortIsTakenEndsWithThatError() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ServerConfig config = config("127.0.0.1", taken.getLocalPort());
            StartException error = assertThrows(StartException.class, () -> LockstepServer.start(config));
            assertEquals(14, error.exitCode().value());
            assertTrue(error.getMessage().contains("cannot listen on port " + taken.getLocalPort()), error.getMessage());
        }
    }
}
