package org.lockstep.compat.crash;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;

/** A program for {@link DiskImagesTest}: commits one key after another to LMDB and says when each commit had returned. */
final class LmdbWriter {
    static final String DATABASE = "numbers";
    private static final long MAP_BYTES = 1 << 26;

    private LmdbWriter() {}

    static Env<ByteBuffer> open(Path file) {
        return Env.create().setMapSize(MAP_BYTES).setMaxDbs(1).open(file.toFile(), EnvFlags.MDB_NOSUBDIR);
    }

    /** Arguments: the file, the number of commits. */
    public static void main(String[] args) throws IOException {
        int commits = Integer.parseInt(args[1]);
        try (Env<ByteBuffer> env = open(Path.of(args[0]))) {
            Dbi<ByteBuffer> numbers = env.openDbi(DATABASE, DbiFlags.MDB_CREATE);
            for (int i = 0; i < commits; i++) {
                try (Txn<ByteBuffer> txn = env.txnWrite()) {
                    numbers.put(txn, direct("%06d".formatted(i)), direct(("value " + i + " ").repeat(1 + i % 100)));
                    txn.commit();
                }
                System.out.println(i + " " + System.nanoTime());
            }
        }
    }

    static ByteBuffer direct(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }
}
