package org.lockstep.state;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** Random ordered commands over few paths, so that they meet. The same seed gives the same commands. */
final class RandomCommands {
    static final String ALICE = "alice:7lSbHqKcI0bbLCHfZqWWdMcsPkM=";
    static final String BOB = "bob:FX0Nbb1hKMJvqPqL3VHNCGcnYV0=";
    private static final List<List<Acl>> ACLS = List.of(
            Rig.OPEN,
            Rig.OPEN,
            Rig.OPEN,
            List.of(new Acl(Perms.READ, new Id("world", "anyone")), new Acl(Perms.ALL, new Id("digest", ALICE))),
            List.of(new Acl(Perms.ALL, new Id("auth", ""))),
            List.of());
    private static final List<Identities> CALLERS = List.of(
            Identities.NONE,
            new Identities(List.of(new Id("ip", "127.0.0.1"), new Id("digest", ALICE))),
            new Identities(List.of(new Id("digest", BOB))));

    /** One command, independent of any state machine but for the attach counter. */
    record Cmd(int opcode, long sessionId, int attachOffset, Identities identities, long timeMillis, byte[] body) {}

    private final Random random;
    private long timeMillis = 5_000_000;

    RandomCommands(long seed) {
        random = new Random(seed);
    }

    static long session(int i) {
        return 0x100_0000_0000_0000L + i;
    }

    List<Cmd> program(int length) {
        List<Cmd> commands = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            commands.add(cmd(OpCode.CREATE_SESSION, session(i), Rig.sessionBody(6000, Rig.OWNER)));
        }
        while (commands.size() < length) {
            commands.add(next());
        }
        return commands;
    }

    private Cmd next() {
        timeMillis += random.nextInt(3);
        long session = session(1 + random.nextInt(4));
        int dice = random.nextInt(100);
        if (dice < 2) {
            return cmd(random.nextBoolean() ? OpCode.CLOSE_SESSION : OpCode.EXPIRE_SESSION, session, new byte[0]);
        } else if (dice < 6) {
            return cmd(OpCode.CREATE_SESSION, session, Rig.sessionBody(4000 + random.nextInt(100), Rig.OWNER));
        } else if (dice < 8) {
            SessionOwner owner = new SessionOwner(1 + random.nextInt(3), random.nextInt(2));
            return cmd(OpCode.ATTACH_SESSION, session, Rig.sessionBody(8000, owner));
        } else if (dice < 10) {
            return cmd(OpCode.REAP_NODE, 0, Rig.body(out -> out.writeString(path()).writeLong(random.nextInt(50))));
        } else if (dice < 12) {
            return cmd(OpCode.SYNC, session, Rig.body(out -> out.writeString(path())));
        } else if (dice < 14) {
            return cmd(OpCode.SET_ACL, session,
                    Rig.body(out -> out.writeString(path()).writeAcls(acl()).writeInt(version())));
        } else if (dice < 30) {
            return cmd(OpCode.MULTI, session, Rig.body(this::multi));
        }
        int opcode = simpleOpcode();
        return cmd(opcode, session, Rig.body(out -> request(opcode, out)));
    }

    private Cmd cmd(int opcode, long session, byte[] body) {
        int attachOffset = random.nextInt(40) == 0 ? 1 : 0;
        byte[] sent = body.length > 0 && random.nextInt(60) == 0 ? java.util.Arrays.copyOf(body, body.length - 1) : body;
        return new Cmd(opcode, session, attachOffset, CALLERS.get(random.nextInt(CALLERS.size())), timeMillis, sent);
    }

    private int simpleOpcode() {
        int[] all = {OpCode.CREATE, OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL, OpCode.DELETE,
            OpCode.DELETE, OpCode.SET_DATA, OpCode.SET_DATA, OpCode.DELETE_CONTAINER};
        return all[random.nextInt(all.length)];
    }

    private void multi(JuteWriter out) {
        int[] all = {OpCode.CREATE, OpCode.CREATE2, OpCode.DELETE, OpCode.SET_DATA, OpCode.CHECK, OpCode.CREATE_TTL};
        int count = random.nextInt(5);
        for (int i = 0; i < count; i++) {
            int opcode = all[random.nextInt(all.length)];
            MultiWrites.writeHeader(out, opcode, false, -1);
            request(opcode, out);
        }
        MultiWrites.writeHeader(out, -1, true, -1);
    }

    private void request(int opcode, JuteWriter out) {
        switch (opcode) {
            case OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL -> {
                out.writeString(path()).writeBuffer(data()).writeAcls(acl());
                int flags = opcode == OpCode.CREATE_TTL ? 5 + random.nextInt(2) : random.nextInt(random.nextInt(8) == 0 ? 8 : 4);
                out.writeInt(flags);
                if (opcode == OpCode.CREATE_TTL) {
                    out.writeLong(1 + random.nextInt(20));
                }
            }
            case OpCode.SET_DATA -> out.writeString(path()).writeBuffer(data()).writeInt(version());
            case OpCode.DELETE_CONTAINER -> out.writeString(path());
            default -> out.writeString(path()).writeInt(version());
        }
    }

    private byte[] data() {
        return random.nextInt(10) == 0 ? null : new byte[random.nextInt(30)];
    }

    private int version() {
        return random.nextInt(3) == 0 ? random.nextInt(3) : -1;
    }

    private List<Acl> acl() {
        return ACLS.get(random.nextInt(10) < 7 ? 0 : random.nextInt(ACLS.size()));
    }

    private String path() {
        int dice = random.nextInt(60);
        if (dice < 3) {
            return List.of("/", "", "x", "/a/", "/zookeeper", "//a").get(random.nextInt(6));
        }
        if (dice < 6) {
            return "/zookeeper/quota/a" + List.of("", "/zookeeper_limits", "/zookeeper_stats").get(dice - 3);
        }
        StringBuilder path = new StringBuilder();
        int depth = 1 + random.nextInt(3);
        for (int i = 0; i < depth; i++) {
            path.append('/').append((char) ('a' + random.nextInt(4)));
        }
        if (dice == 6) {
            path.append(String.format("%010d", random.nextInt(5)));
        }
        return path.toString();
    }

    /** Applies {@code cmd} to a machine; the result as text: error, zxid and reply bytes. */
    static String apply(Rig rig, Cmd cmd) {
        rig.sessionId = cmd.sessionId();
        rig.identities = cmd.identities();
        rig.timeMillis = cmd.timeMillis();
        rig.apply(cmd.opcode(), Math.max(rig.machine.attach(cmd.sessionId()), 0) + cmd.attachOffset(), cmd.body());
        return rig.reply.err + " " + Long.toHexString(rig.reply.zxid) + " "
                + java.util.HexFormat.of().formatHex(rig.reply.body.toByteArray());
    }

    /** Runs {@code each} with every seed; a failing one is named. */
    static void forSeeds(int count, Consumer<Long> each) {
        for (long seed = 1; seed <= count; seed++) {
            try {
                each.accept(seed);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }
}
