package org.lockstep.ensemble.codec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Ballot;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Report;
import org.lockstep.ensemble.core.Row;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.core.Voter;

/** Random values of everything that has an encoding, extremes included. */
final class Samples {
    private static final long INDEX_MAX = Long.MAX_VALUE >> 8;

    private final Random random;

    Samples(long seed) {
        random = new Random(seed);
    }

    Random random() {
        return random;
    }

    /** From 0 to {@code most}, every magnitude alike. */
    long upTo(long most) {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> most;
            default -> Math.min(most, random.nextLong() >>> 1 >>> random.nextInt(63));
        };
    }

    private long index() {
        return upTo(INDEX_MAX) - random.nextInt(2);
    }

    private long order() {
        return upTo(Long.MAX_VALUE) - random.nextInt(2);
    }

    private long viewId() {
        return upTo(ViewRecord.VIEW_ID_MAX);
    }

    private int serverId() {
        return (int) upTo(Integer.MAX_VALUE);
    }

    private UUID uuid() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    MemberId member() {
        return new MemberId(serverId(), uuid(), random.nextLong());
    }

    Ballot ballot() {
        return random.nextInt(4) == 0 ? Ballot.NONE : new Ballot(upTo(Long.MAX_VALUE), serverId(), random.nextLong());
    }

    private long[] indexes() {
        long[] indexes = new long[random.nextInt(random.nextInt(8) == 0 ? 65 : 6)];
        Arrays.setAll(indexes, k -> index());
        return indexes;
    }

    Trim trim() {
        return Trim.of(indexes());
    }

    ViewRecord view() {
        int first = random.nextInt(1000);
        List<MemberId> members = new ArrayList<>();
        List<Voter> voters = new ArrayList<>();
        int count = 1 + random.nextInt(random.nextInt(8) == 0 ? 64 : 5);
        for (int i = 0; i < count; i++) {
            members.add(new MemberId(first + i, uuid(), random.nextLong()));
            voters.add(new Voter(first + i, uuid()));
        }
        ViewRecord.Origin[] origins = ViewRecord.Origin.values();
        return new ViewRecord(Math.max(1, viewId()), uuid(), members, voters, origins[random.nextInt(origins.length)],
                random.nextBoolean() ? member() : null, trim());
    }

    private ViewRecord viewOrNull() {
        return random.nextBoolean() ? view() : null;
    }

    Report report() {
        boolean holdsBase = random.nextBoolean();
        return new Report(viewId(), holdsBase ? member() : null, holdsBase ? trim() : null, random.nextBoolean(), order());
    }

    AcceptorRecord acceptor() {
        return new AcceptorRecord(viewId(), viewOrNull(), ballot(), ballot(), viewOrNull(),
                random.nextBoolean() ? report() : null);
    }

    Row row() {
        return new Row(viewId(), upTo(Long.MAX_VALUE), index(), index(), indexes(), order(), order(), random.nextLong(),
                random.nextLong() >>> random.nextInt(64), random.nextBoolean(), random.nextBoolean());
    }

    private Message.Data data() {
        long index = upTo(INDEX_MAX);
        return new Message.Data(new Slot(new Position(viewId(), index, random.nextInt(64)), payload()),
                random.nextBoolean() ? index - 1 : upTo(index) - 1);
    }

    private Position position() {
        return random.nextInt(4) == 0 ? Position.START : new Position(viewId(), index(), random.nextInt(64));
    }

    private byte[] payload() {
        byte[] payload = new byte[random.nextInt(200)];
        random.nextBytes(payload);
        return payload;
    }

    private Message.Feed feed() {
        List<ViewRecord> views = new ArrayList<>();
        List<Slot> slots = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            views.add(view());
            slots.add(new Slot(position(), payload()));
        }
        return new Message.Feed(upTo(Long.MAX_VALUE), position(), views, slots, random.nextBoolean(), position());
    }

    /** One message of each kind there is. */
    List<Message> messages() {
        List<Message> all = new ArrayList<>(steady());
        all.add(new Message.Follow(upTo(Long.MAX_VALUE), position()));
        all.add(feed());
        all.add(new Message.Behind(upTo(Long.MAX_VALUE)));
        all.add(new Message.FeedAck(upTo(Long.MAX_VALUE), position()));
        all.add(new Message.Forward(upTo(Long.MAX_VALUE), upTo(Long.MAX_VALUE), payload()));
        all.add(new Message.CloseForwards(viewId(), member(), upTo(Long.MAX_VALUE)));
        all.add(new Message.ForwardsClosed(viewId(), member(), upTo(Long.MAX_VALUE), index()));
        all.add(new Message.Fenced(upTo(Long.MAX_VALUE)));
        return all;
    }

    private List<Message> steady() {
        return List.of(data(), new Message.RowUpdate(row()), new Message.Resume(viewId(), index(), random.nextBoolean()),
                new Message.Status(viewId(), viewId(), random.nextBoolean(), random.nextBoolean()),
                new Message.Prepare(viewId(), ballot(), viewOrNull()),
                new Message.Promise(viewId(), ballot(), report(), ballot(), viewOrNull()),
                new Message.Refused(viewId(), ballot()), new Message.Accept(viewId(), ballot(), view()),
                new Message.Accepted(viewId(), ballot()), new Message.Decided(view()), new Message.JoinRequest(viewId()),
                new Message.TransferRequest(ballot(), serverId(), view(), serverId()),
                new Message.Transfer(ballot(), serverId(), view(), null), new Message.JoinReady(ballot(), serverId(), viewId()));
    }
}
