package org.lockstep.log;

import java.nio.file.Files;
import java.nio.file.Path;

/** A program that imports a state and dies in the middle, as kill -9 has it: nothing is closed. */
final class HaltedImport {
    static final int EXIT_CODE = 9;

    private HaltedImport() {}

    /** Arguments: the data directory, the directory with the chunks, how many more chunks to take. */
    public static void main(String[] args) throws Exception {
        DataDirectory directory = DataDirectory.open(Path.of(args[0]), Fixtures.SMALL);
        Path chunks = Path.of(args[1]);
        StateImport target = StateImport.open(directory, Fixtures.SMALL, Files.readAllBytes(chunks.resolve("0")));
        long first = StateExport.ResumePoint.decode(target.resumePoint()).number();
        for (long i = first; i < first + Long.parseLong(args[2]); i++) {
            target.write(Files.readAllBytes(chunks.resolve(String.valueOf(i))));
        }
        Runtime.getRuntime().halt(EXIT_CODE);
    }
}
