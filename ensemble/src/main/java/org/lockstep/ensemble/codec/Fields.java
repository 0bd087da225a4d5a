package org.lockstep.ensemble.codec;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Ballot;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Report;
import org.lockstep.ensemble.core.Row;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.core.Voter;

/**
 * The records of the core as fields, without version: what messages and persisted records are made of. Writing throws {@link
 * IllegalArgumentException} for more members than a row has bits, and for a report of a writer without what it wrote.
 */
final class Fields {
    /** Members of a view are bits of a long in the rows. */
    static final int MEMBERS_MAX = Long.SIZE;
    /** Indexes share a long with the rank's byte. */
    static final long INDEX_MAX = Long.MAX_VALUE >> 8;
    private static final int ORDER_RANK_BITS = 8;
    private static final int WEDGED = 1;
    private static final int CUT_OFF = 2;

    private Fields() {}

    static void writeMember(WireWriter out, MemberId member) {
        out.putUnsigned(member.serverId());
        out.putUuid(member.diskId());
        out.putLong(member.incarnation());
    }

    static MemberId readMember(WireReader in, String what) throws MalformedMessageException {
        int serverId = readServerId(in, what);
        return new MemberId(serverId, in.readUuid(what), in.readLong(what));
    }

    static int readServerId(WireReader in, String what) throws MalformedMessageException {
        return (int) in.readUnsigned(Integer.MAX_VALUE, what + "'s server id");
    }

    static long readViewId(WireReader in) throws MalformedMessageException {
        return in.readUnsigned(ViewRecord.VIEW_ID_MAX, "view id");
    }

    static int readRank(WireReader in) throws MalformedMessageException {
        int rank = in.readByte("slot's rank");
        if (rank >= MEMBERS_MAX) {
            throw new MalformedMessageException("slot's rank must be below " + MEMBERS_MAX + ", it is " + rank);
        }
        return rank;
    }

    static void writeBallot(WireWriter out, Ballot ballot) {
        out.putUnsigned(ballot.round());
        out.putUnsigned(ballot.serverId());
        out.putLong(ballot.incarnation());
    }

    static Ballot readBallot(WireReader in) throws MalformedMessageException {
        long round = in.readUnsigned(Long.MAX_VALUE, "ballot's round");
        return new Ballot(round, readServerId(in, "ballot"), in.readLong("ballot's incarnation"));
    }

    static void writeTrim(WireWriter out, Trim trim) {
        writeCount(out, trim.ranks(), "ranks in a trim");
        for (int k = 0; k < trim.ranks(); k++) {
            out.putIndex(trim.lastIndex(k));
        }
    }

    static Trim readTrim(WireReader in) throws MalformedMessageException {
        long[] last = new long[readCount(in, "ranks in a trim")];
        for (int k = 0; k < last.length; k++) {
            last[k] = in.readIndex(INDEX_MAX, "trim");
        }
        return Trim.of(last);
    }

    private static void writeCount(WireWriter out, int count, String what) {
        if (count > MEMBERS_MAX) {
            throw new IllegalArgumentException(count + " " + what + ", at most " + MEMBERS_MAX + " can be");
        }
        out.putByte(count);
    }

    private static int readCount(WireReader in, String what) throws MalformedMessageException {
        int count = in.readByte(what);
        if (count > MEMBERS_MAX) {
            throw new MalformedMessageException(count + " " + what + ", at most " + MEMBERS_MAX + " can be");
        }
        return count;
    }

    static void writeView(WireWriter out, ViewRecord view) {
        out.putUnsigned(view.viewId());
        out.putUuid(view.ensembleId());
        writeCount(out, view.members().size(), "members");
        for (MemberId member : view.members()) {
            writeMember(out, member);
        }
        writeCount(out, view.voters().size(), "voters");
        for (Voter voter : view.voters()) {
            out.putUnsigned(voter.serverId());
            out.putUuid(voter.diskId());
        }
        out.putByte(code(view.origin()));
        out.putFlag(view.source() != null);
        if (view.source() != null) {
            writeMember(out, view.source());
        }
        writeTrim(out, view.trim());
    }

    static ViewRecord readView(WireReader in) throws MalformedMessageException {
        long viewId = readViewId(in);
        var ensembleId = in.readUuid("ensemble id");
        List<MemberId> members = new ArrayList<>();
        for (int left = readCount(in, "members"); left > 0; left--) {
            members.add(readMember(in, "member"));
        }
        List<Voter> voters = new ArrayList<>();
        for (int left = readCount(in, "voters"); left > 0; left--) {
            voters.add(new Voter(readServerId(in, "voter"), in.readUuid("voter's disk")));
        }
        requireDistinct(members.stream().map(MemberId::serverId).toList(), "members");
        requireDistinct(voters.stream().map(Voter::serverId).toList(), "voters");
        ViewRecord.Origin origin = origin(in.readByte("view's origin"));
        MemberId source = in.readFlag("view has a source") ? readMember(in, "view's source") : null;
        if (viewId == 0 || members.isEmpty()) {
            throw new MalformedMessageException("view " + viewId + " with " + members.size() + " members");
        }
        return new ViewRecord(viewId, ensembleId, members, voters, origin, source, readTrim(in));
    }

    private static void requireDistinct(List<Integer> serverIds, String what) throws MalformedMessageException {
        Set<Integer> distinct = new HashSet<>(serverIds);
        if (distinct.size() < serverIds.size()) {
            throw new MalformedMessageException("two " + what + " of a view on one server: " + serverIds);
        }
    }

    /** Written out, so that the order of the constants in the source means nothing. */
    private static int code(ViewRecord.Origin origin) {
        return switch (origin) {
            case BOOTSTRAP -> 1;
            case SURVIVORS -> 2;
            case RESTART -> 3;
            case RESTART_CUT -> 4;
        };
    }

    private static ViewRecord.Origin origin(int code) throws MalformedMessageException {
        return switch (code) {
            case 1 -> ViewRecord.Origin.BOOTSTRAP;
            case 2 -> ViewRecord.Origin.SURVIVORS;
            case 3 -> ViewRecord.Origin.RESTART;
            case 4 -> ViewRecord.Origin.RESTART_CUT;
            default -> throw new MalformedMessageException("unknown origin of a view: " + code);
        };
    }

    /** A record that may be absent. */
    static void writeViewOrNone(WireWriter out, ViewRecord view) {
        out.putFlag(view != null);
        if (view != null) {
            writeView(out, view);
        }
    }

    static ViewRecord readViewOrNone(WireReader in, String what) throws MalformedMessageException {
        return in.readFlag(what) ? readView(in) : null;
    }

    static void writeReport(WireWriter out, Report report) {
        if ((report.writer() == null) != (report.last() == null)) {
            throw new IllegalArgumentException("a report has a writer and what it has, or neither: " + report);
        }
        out.putUnsigned(report.viewId());
        out.putFlag(report.writer() != null);
        if (report.writer() != null) {
            writeMember(out, report.writer());
            writeTrim(out, report.last());
        }
        out.putFlag(report.intact());
        out.putIndex(report.flushedMark());
    }

    static Report readReport(WireReader in) throws MalformedMessageException {
        long viewId = readViewId(in);
        MemberId writer = null;
        Trim last = null;
        if (in.readFlag("report holds a base")) {
            writer = readMember(in, "report's writer");
            last = readTrim(in);
        }
        boolean intact = in.readFlag("report is intact");
        return new Report(viewId, writer, last, intact, in.readIndex(Long.MAX_VALUE, "report's flushed mark"));
    }

    static void writeAcceptor(WireWriter out, AcceptorRecord acceptor) {
        out.putUnsigned(acceptor.viewId());
        writeViewOrNone(out, acceptor.previous());
        writeBallot(out, acceptor.promised());
        writeBallot(out, acceptor.acceptedBallot());
        writeViewOrNone(out, acceptor.accepted());
        out.putFlag(acceptor.report() != null);
        if (acceptor.report() != null) {
            writeReport(out, acceptor.report());
        }
    }

    static AcceptorRecord readAcceptor(WireReader in) throws MalformedMessageException {
        long viewId = readViewId(in);
        ViewRecord previous = readViewOrNone(in, "acceptor knows the view before");
        Ballot promised = readBallot(in);
        Ballot acceptedBallot = readBallot(in);
        ViewRecord accepted = readViewOrNone(in, "acceptor has accepted");
        Report report = in.readFlag("acceptor has reported") ? readReport(in) : null;
        return new AcceptorRecord(viewId, previous, promised, acceptedBallot, accepted, report);
    }

    /**
     * A row goes out with every step, so its indexes are written as differences from the claim, to which all others are near:
     * two dozen bytes for three members.
     */
    static void writeRow(WireWriter out, Row row) {
        out.putUnsigned(row.viewId());
        out.putUnsigned(row.heartbeat());
        out.putIndex(row.claim());
        out.putDelta(row.claim() - row.lastDataIndex());
        writeCount(out, row.secured().length, "ranks in a row");
        for (long index : row.secured()) {
            out.putDelta(row.claim() - index);
        }
        out.putDelta((row.claim() << ORDER_RANK_BITS) - row.applied());
        out.putDelta(row.applied() - row.flushedMark());
        out.putUnsigned(row.suspects());
        out.putUnsigned(row.hears());
        out.putByte((row.wedged() ? WEDGED : 0) | (row.cutOff() ? CUT_OFF : 0));
    }

    static Row readRow(WireReader in) throws MalformedMessageException {
        long viewId = readViewId(in);
        long heartbeat = in.readUnsigned(Long.MAX_VALUE, "heartbeat");
        long claim = in.readIndex(INDEX_MAX, "claim");
        long lastDataIndex = in.readIndexBelow(claim, INDEX_MAX, "last data index");
        long[] secured = new long[readCount(in, "ranks in a row")];
        for (int k = 0; k < secured.length; k++) {
            secured[k] = in.readIndexBelow(claim, INDEX_MAX, "secured");
        }
        long applied = in.readIndexBelow(claim << ORDER_RANK_BITS, Long.MAX_VALUE, "applied");
        long flushedMark = in.readIndexBelow(applied, Long.MAX_VALUE, "flushed mark");
        long suspects = in.readMask("suspects");
        long hears = in.readMask("hears");
        int flags = in.readByte("row's flags");
        if ((flags & ~(WEDGED | CUT_OFF)) != 0) {
            throw new MalformedMessageException("unknown flags in a row: " + flags);
        }
        return new Row(viewId, heartbeat, claim, lastDataIndex, secured, applied, flushedMark, suspects, hears,
                (flags & WEDGED) != 0, (flags & CUT_OFF) != 0);
    }
}
