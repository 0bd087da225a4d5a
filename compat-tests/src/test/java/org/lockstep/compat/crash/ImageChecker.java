package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** Starts a server on what a crash left and says in which ways that breaks the promises of its fsync policy. */
final class ImageChecker {
    /** On top of maxUnsyncedMillis: how late a background flush may come on a busy machine. */
    private static final long FLUSH_SLACK_MILLIS = 1000;
    private static final int SESSION_TIMEOUT_MILLIS = 20_000;
    private static final int SEQUENTIAL = 2;

    private final FsyncPolicy policy;
    private final History history;
    private final DiskImages images;
    private final long settled;
    private int emptyImages;
    private int lossyImages;

    ImageChecker(FsyncPolicy policy, History history, DiskImages images) {
        this.policy = policy;
        this.history = history;
        this.images = images;
        this.settled = history.ackedAt(images.start()); // what was there before the trace began was on the medium
    }

    /**
     * Recovers {@code dataDir}, which a crash at {@code cut} may have left.
     *
     * @param kind {@link Loss.Kind#KILL}: the machine kept running; else it has booted again
     * @return the broken promises; empty when all were kept
     */
    List<String> check(Path dataDir, long cut, Loss.Kind kind, String bootId) {
        List<String> broken = new ArrayList<>();
        try (EmbeddedServer server = EmbeddedServer.start(dataDir, policy, bootId);
                RawClient client = new RawClient(server.port(), SESSION_TIMEOUT_MILLIS)) {
            Map<String, NodeView> tree = NodeView.readTree(client);
            long last = History.lastZxid(tree);
            emptyImages += tree.isEmpty() ? 1 : 0;
            lossyImages += last < history.ackedAt(cut) ? 1 : 0;
            long required = requiredAt(cut, kind);
            if (last < required) {
                broken.add("recovered up to zxid " + hex(last) + ", promised " + hex(required));
            }
            ModelTree model = history.treeAt(last);
            broken.addAll(model.differences(tree));
            checkSessions(server.port(), cut, kind, last, broken);
            checkNextWrite(client, model, cut, broken);
        } catch (Exception e) {
            broken.add("recovery failed: " + e);
        }
        return broken;
    }

    /** The last zxid that must be there. */
    private long requiredAt(long cut, Loss.Kind kind) {
        return Math.max(settled, promisedAt(cut, kind));
    }

    private long promisedAt(long cut, Loss.Kind kind) {
        if (kind == Loss.Kind.KILL || policy == FsyncPolicy.DURABLE) {
            return history.ackedAt(cut);
        }
        long synced = history.ackedAt(flushedUpTo(cut));
        return policy == FsyncPolicy.WRITE_BARRIER ? Math.max(synced, history.barrierAt(cut)) : synced;
    }

    /**
     * What was acknowledged before this time has been flushed in the background at {@code cut}; while no server runs, nothing
     * is.
     */
    private long flushedUpTo(long cut) {
        long slack = TimeUnit.MILLISECONDS.toNanos(Recording.MAX_UNSYNCED_MILLIS + FLUSH_SLACK_MILLIS);
        long time = cut - slack;
        for (DiskImages.Outage outage : images.outages()) {
            boolean recovering = cut > outage.death() && time < history.firstAckAfter(outage.restart());
            time = recovering ? Math.min(time, outage.death() - slack) : time;
        }
        return time;
    }

    /** Sessions live on: under durable those that were granted, under the lazy policies at least those that have writes left. */
    private void checkSessions(int port, long cut, Loss.Kind kind, long last, List<String> broken) throws IOException {
        boolean all = kind == Loss.Kind.KILL || policy == FsyncPolicy.DURABLE;
        for (Write connect : history.all()) {
            boolean expected = connect.kind() == Write.Kind.CONNECT
                    && (all && connect.isAckedAt(cut) || history.hasWrites(connect.session(), last));
            if (expected) {
                byte[] password = connect.sessionPassword();
                try (RawClient resumed = new RawClient(port, SESSION_TIMEOUT_MILLIS, connect.session(), password)) {
                    if (resumed.sessionId() != connect.session()) {
                        broken.add("asked for session " + hex(connect.session()) + ", got " + hex(resumed.sessionId()));
                    }
                } catch (RawClient.SessionExpiredException e) {
                    broken.add(e.getMessage());
                }
            }
        }
    }

    /** The recovered server writes on: with the next sequence number, and with a zxid that nobody has seen. */
    private void checkNextWrite(RawClient client, ModelTree model, long cut, List<String> broken)
            throws IOException, MalformedRecordException {
        if (!model.has(WorkloadClient.SEQUENTIAL_PARENT)) {
            return;
        }
        String stem = WorkloadClient.SEQUENTIAL_PARENT + "/after-";
        client.send(OpCode.CREATE, new JuteWriter().writeString(stem).writeBuffer("after".getBytes(StandardCharsets.UTF_8))
                .writeAcls(List.of(new Acl(Perms.ALL, new Id("world", "anyone")))).writeInt(SEQUENTIAL));
        client.flush();
        RawClient.Reply reply = client.receive();
        if (reply.error() != 0) {
            broken.add("a create after recovery failed with " + reply.error());
            return;
        }
        String name = reply.body().readString();
        String expected = model.nextSequential(WorkloadClient.SEQUENTIAL_PARENT, stem);
        if (!name.equals(expected)) {
            broken.add("the next sequential node is " + name + ", must be " + expected);
        }
        if (reply.zxid() <= history.ackedAt(cut)) {
            broken.add("zxid " + hex(reply.zxid()) + " was given out before, up to " + hex(history.ackedAt(cut)));
        }
    }

    private static String hex(long number) {
        return "0x" + Long.toHexString(number);
    }

    /**
     * Checks a share of the images of a recording, in a process of its own: a damaged LMDB file can take the JVM down. Prints
     * {@code IMAGE} before each, {@code BROKEN} for each broken promise, {@code DONE} with how many there were, how many were
     * empty, and how many had lost something acknowledged.
     *
     * <p>Arguments: policy, trace, history, scratch directory, seed, number of images, share, shares, {@code power}
     * or {@code kill}.
     */
    public static void main(String[] args) throws IOException {
        FsyncPolicy policy = FsyncPolicy.ofKey(args[0]);
        Recording recording = new Recording(policy, null, Path.of(args[1]), Path.of(args[2]));
        Path scratch = Path.of(args[3]);
        long seed = Long.parseLong(args[4]);
        int share = Integer.parseInt(args[6]);
        boolean kill = args[8].equals("kill");
        History history = recording.writes();
        DiskImages images = recording.images();
        ImageChecker checker = new ImageChecker(policy, history, images);
        List<Long> cuts = new CutPlan(images, history, seed).choose(Integer.parseInt(args[5]));
        int done = 0;
        for (int i = share; i < cuts.size(); i += Integer.parseInt(args[7])) {
            Loss.Kind kind = kill ? Loss.Kind.KILL : Loss.POWER.get(Math.floorMod(i * 7 + (int) seed, Loss.POWER.size()));
            Path image = Files.createDirectories(scratch.resolve("image-" + share));
            String label = i + " " + kind + " at " + (cuts.get(i) - images.start()) / 1000 + " us";
            System.out.println("IMAGE " + label);
            images.write(cuts.get(i), new Loss(kind, seed + i), image);
            String bootId = kill ? Recording.BOOT_ID : "boot-" + i;
            checker.check(image, cuts.get(i), kind, bootId).forEach(text -> System.out.println("BROKEN " + label + ": " + text));
            ImageCheckers.deleteTree(image);
            done++;
        }
        System.out.println("DONE " + done + " " + checker.emptyImages + " " + checker.lossyImages);
        System.exit(0);
    }
}
