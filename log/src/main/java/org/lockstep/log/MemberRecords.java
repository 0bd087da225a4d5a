package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.RecordCodec;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * The records of an ensemble member, decoded: which view is installed and by whom, which table holds its order, the voter's
 * memory, what is staged, the views that begin within the order, and small marks.
 *
 * <p>Changes are gathered as bytes ({@link Changes}), written in a transaction of {@link DiskLog}, and known here once they are
 * committed. One thread writes; {@link #installed}, {@link #views}, {@link #copiedUpTo} and {@link #staged} are for any.
 */
final class MemberRecords {
    private static final String VIEW = "member.view";
    private static final String WRITER = "member.writer";
    private static final String PROMISE = "member." + AcceptorRecord.NAME;
    private static final String TABLE = "member.table";
    private static final String MARK = "member.flushed";
    private static final String LOST = "member.lost";
    private static final String COPIED = "copy.end";
    private static final String STAGED = "staged.";
    private static final String VIEWS = "view.";

    private final LmdbEnv env;
    private final RecordTable records;
    /** Never changed, only replaced. */
    private volatile NavigableMap<Long, ViewRecord> views = new TreeMap<>();
    private volatile List<ViewRecord> staged = List.of();
    private volatile ViewRecord installed;
    private MemberId writer;
    private AcceptorRecord acceptor;
    private int table;
    private volatile Position copiedUpTo;
    private Position mark = Position.START;
    private long lostInView;

    MemberRecords(LmdbEnv env, RecordTable records) {
        this.env = env;
        this.records = records;
    }

    private interface Decoder<T> {
        T decode(ByteBuffer bytes) throws MalformedMessageException;
    }

    /** Decodes what the table holds. */
    void load() {
        installed = read(VIEW, RecordCodec::decodeView);
        writer = read(WRITER, RecordCodec::decodeMember);
        acceptor = read(PROMISE, RecordCodec::decodeAcceptor);
        byte[] tableByte = records.get(TABLE);
        table = tableByte == null ? 0 : tableByte[0];
        copiedUpTo = position(COPIED);
        Position flushed = position(MARK);
        mark = flushed == null ? Position.START : flushed;
        Position lost = position(LOST);
        lostInView = lost == null ? 0 : lost.viewId();
        NavigableMap<Long, ViewRecord> found = new TreeMap<>();
        for (ViewRecord view : readAll(VIEWS)) {
            found.put(view.viewId(), view);
        }
        views = found;
        staged = List.copyOf(readAll(STAGED));
        if ((installed == null) != (writer == null) || table < 0 || table > 1) {
            throw MetaPages.damaged(env.file(), "its records of the installed view contradict each other");
        }
    }

    private <T> T read(String name, Decoder<T> decoder) {
        byte[] bytes = records.get(name);
        try {
            return bytes == null ? null : decoder.decode(ByteBuffer.wrap(bytes));
        } catch (MalformedMessageException e) {
            throw MetaPages.damaged(env.file(), "its record \"" + name + "\" cannot be read: " + e.getMessage());
        }
    }

    private List<ViewRecord> readAll(String prefix) {
        List<ViewRecord> found = new ArrayList<>();
        for (String name : records.names(prefix)) {
            found.add(read(name, RecordCodec::decodeView));
        }
        return found;
    }

    private Position position(String name) {
        byte[] bytes = records.get(name);
        Floor place = bytes == null ? null : Floor.decode(bytes);
        if (bytes != null && place == null) {
            throw MetaPages.damaged(env.file(), "its record \"" + name + "\" cannot be read");
        }
        return place == null ? null : place.position();
    }

    ViewRecord installed() {
        return installed;
    }

    /** The id of the installed view; 0 when there is none. */
    long installedId() {
        ViewRecord view = installed;
        return view == null ? 0 : view.viewId();
    }

    MemberId writer() {
        return writer;
    }

    AcceptorRecord acceptor() {
        return acceptor;
    }

    /** Which of the two tables holds the order. */
    int table() {
        return table;
    }

    /** The end of the copy's stable part; null when there is no copy. */
    Position copiedUpTo() {
        return copiedUpTo;
    }

    /** The values staged, all for one view. */
    List<ViewRecord> staged() {
        return staged;
    }

    /** The view for whose base slots are staged; 0 when nothing is. */
    long stagedFor() {
        return staged.isEmpty() ? 0 : staged.get(0).viewId();
    }

    /** The flushed mark where the slots themselves do not tell it; {@link Order#NONE} when it is of another view. */
    long mark(long viewId) {
        return mark.viewId() == viewId && mark.index() >= 0 ? Order.of(mark.index(), mark.rank()) : Order.NONE;
    }

    /** Whether a tail was lost with the power while {@code viewId} was installed. */
    boolean hasLost(long viewId) {
        return lostInView == viewId;
    }

    /** The views known to begin behind {@code viewId}, up to {@code upTo}, oldest first. */
    Collection<ViewRecord> views(long viewId, long upTo) {
        return viewId >= upTo ? List.of() : views.subMap(viewId, false, upTo, true).values();
    }

    boolean knows(long viewId) {
        return views.containsKey(viewId);
    }

    Changes changes() {
        return new Changes();
    }

    /** Changes of records, to be made in one transaction. */
    final class Changes {
        private final Map<String, byte[]> bytes = new HashMap<>();

        Map<String, byte[]> bytes() {
            return bytes;
        }

        /** Makes {@code view} the installed one: the copy and everything staged is over, and so are older promises. */
        Changes install(ViewRecord view, MemberId as, int newTable) {
            bytes.put(VIEW, RecordCodec.encode(view));
            bytes.put(WRITER, RecordCodec.encode(as));
            bytes.put(TABLE, new byte[] {(byte) newTable});
            bytes.put(COPIED, null);
            bytes.put(MARK, null);
            bytes.put(LOST, null);
            if (acceptor != null && acceptor.viewId() <= view.viewId()) {
                bytes.put(PROMISE, null);
            }
            unstage();
            return addView(view);
        }

        Changes promise(AcceptorRecord value) {
            bytes.put(PROMISE, RecordCodec.encode(value));
            return this;
        }

        Changes addView(ViewRecord view) {
            bytes.put(viewName(view.viewId()), RecordCodec.encode(view));
            return this;
        }

        /** Views up to {@code viewId} begin before everything that is left. */
        Changes forgetViews(long viewId) {
            for (long old : views.headMap(viewId, true).keySet()) {
                bytes.put(viewName(old), null);
            }
            return this;
        }

        Changes copiedUpTo(Position end) {
            bytes.put(COPIED, end == null ? null : encode(end));
            return this;
        }

        /** Adds {@code value} to what is staged for the same view; what is staged for another one goes. */
        Changes stage(ViewRecord value) {
            if (stagedFor() != value.viewId()) {
                unstage();
                bytes.put(STAGED + 0, RecordCodec.encode(value));
            } else if (!staged.contains(value)) {
                bytes.put(STAGED + staged.size(), RecordCodec.encode(value));
            }
            return this;
        }

        Changes unstage() {
            records.names(STAGED).forEach(name -> bytes.put(name, null));
            return this;
        }

        Changes flushed(Position place) {
            bytes.put(MARK, encode(place));
            return this;
        }

        Changes lost(long viewId) {
            bytes.put(LOST, encode(new Position(viewId, -1, 0)));
            return this;
        }

        private static String viewName(long viewId) {
            return VIEWS + viewId;
        }

        private static byte[] encode(Position position) {
            return new Floor(position, new long[0]).encode();
        }
    }

    /** Committed changes are known from here on. */
    void committed(Changes changes) {
        records.committed(changes.bytes);
        load();
    }
}
