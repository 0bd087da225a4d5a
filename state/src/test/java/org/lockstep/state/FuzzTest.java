package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.OpCode;

/** Whatever bytes a client sends: an answer, no exception, and nothing half done. */
class FuzzTest {
    private static final int[] WRITES = {OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL, OpCode.DELETE,
        OpCode.DELETE_CONTAINER, OpCode.SET_DATA, OpCode.SET_ACL, OpCode.MULTI, OpCode.RECONFIG, OpCode.SYNC};
    private static final int[] READS = {OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_ACL, OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2,
        OpCode.CHECK_WATCHES, OpCode.REMOVE_WATCHES, OpCode.MULTI_READ, OpCode.SET_WATCHES, OpCode.SET_WATCHES2, OpCode.ADD_WATCH,
        OpCode.GET_EPHEMERALS, OpCode.GET_ALL_CHILDREN_NUMBER, OpCode.WHO_AM_I, OpCode.CHECK, 999};

    /** Bytes that look like records: small numbers, short strings, now and then garbage. */
    private static byte[] record(Random random) {
        return Rig.body(out -> {
            int fields = random.nextInt(14);
            for (int i = 0; i < fields; i++) {
                switch (random.nextInt(8)) {
                    case 0 -> out.writeInt(random.nextInt(25) - 2);
                    case 1 -> out.writeInt(random.nextInt());
                    case 2 -> out.writeBoolean(random.nextBoolean());
                    case 3 -> out.writeLong(random.nextInt(100));
                    case 4 -> out.writeString(List.of("/a", "/", "/a/b", "world", "anyone", "auth", "ip").get(random.nextInt(7)));
                    case 5 -> out.writeAcls(random.nextInt(6) == 0 ? null : Rig.OPEN);
                    case 6 -> out.writeString(null);
                    default -> {
                        byte[] garbage = new byte[random.nextInt(6)];
                        random.nextBytes(garbage);
                        out.writeBuffer(garbage);
                    }
                }
            }
        });
    }

    @Test
    void writes() {
        RandomCommands.forSeeds(20, seed -> {
            Random random = new Random(seed);
            Rig rig = new Rig(new StateOptions(false, true, true, 5000));
            Rig twin = new Rig(new StateOptions(false, true, true, 1 << 20));
            int accepted = 0;
            for (int i = 0; i < 3000; i++) {
                int opcode = WRITES[random.nextInt(WRITES.length)];
                byte[] body = record(random);
                int err = rig.apply(opcode, body);
                assertTrue(err <= 0, "error " + err);
                accepted += err == ErrorCode.OK ? 1 : 0;
                assertTrue(err == 0 || rig.reply.body.length() == 0, "an error has no body");
                assertEquals(err, twin.apply(opcode, body));
            }
            assertTrue(accepted > 0);
            assertEquals(twin.dump(), rig.dump());
        });
    }

    @Test
    void readsAndTruncations() {
        RandomCommands.forSeeds(20, seed -> {
            Random random = new Random(seed);
            Rig rig = new Rig(new StateOptions(false, true, true, 5000));
            for (RandomCommands.Cmd cmd : new RandomCommands(seed).program(100)) {
                RandomCommands.apply(rig, cmd);
            }
            String before = rig.dump();
            Recorder watcher = new Recorder();
            for (int i = 0; i < 3000; i++) {
                byte[] body = record(random);
                int opcode = READS[random.nextInt(READS.length)];
                Rig.Answer answer = rig.read(opcode, body, watcher);
                assertTrue(answer.err() == 0 || answer.body().length == 0, "an error has no body");
            }
            rig.machine.removeWatcher(watcher);
            assertEquals(0, rig.machine.watchCount());
            assertEquals(before, rig.dump());
        });
    }

    @Test
    void everyTruncationOfAWriteIsRefused() {
        Rig rig = new Rig();
        byte[] create = Rig.createBody("/a", "data", Rig.OPEN, 0);
        byte[] multi = Rig.body(out -> {
            MultiWrites.writeHeader(out, OpCode.CREATE, false, -1);
            out.writeRaw(create, 0, create.length);
            MultiWrites.writeHeader(out, -1, true, -1);
        });
        for (int length = 0; length < create.length; length++) {
            assertEquals(ErrorCode.MARSHALLING_ERROR, rig.apply(OpCode.CREATE, Arrays.copyOf(create, length)));
        }
        for (int length = 0; length < multi.length; length++) {
            assertEquals(ErrorCode.MARSHALLING_ERROR, rig.apply(OpCode.MULTI, Arrays.copyOf(multi, length)));
        }
        assertEquals(ErrorCode.NO_NODE, rig.exists("/a"));
        assertEquals(ErrorCode.OK, rig.apply(OpCode.MULTI, multi));
    }
}
