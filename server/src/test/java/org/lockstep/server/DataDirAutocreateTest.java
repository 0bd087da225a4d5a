package org.lockstep.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.server.config.ServerConfig;

class DataDirAutocreateTest {
    @Test
    void aMissingDirectoryIsNotMadeWhenThatIsForbidden(@TempDir Path parent) throws Exception {
        Path missing = parent.resolve("not-mounted");
        Properties settings = new Properties();
        settings.setProperty("dataDir", missing.toString());
        settings.setProperty("clientPort", "0");
        settings.setProperty("clientPortAddress", "127.0.0.1");
        settings.setProperty("datadir.autocreate", "false");
        ServerConfig config = ServerConfig.of(settings);
        StartException e = assertThrows(StartException.class, () -> LockstepServer.start(config));
        assertEquals(ExitCode.UNABLE_TO_ACCESS_DATADIR, e.exitCode());
        assertTrue(e.getMessage().contains(missing.toString()), e.getMessage());
        assertFalse(Files.exists(missing));
    }
}
