package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What this process's disk holds of the chain of views, kept up with what was installed since the start. Says what the disk
 * can tell of the last view when nobody who lived in it is left, and whether it can still install a view it learns of late.
 */
final class DiskState {
    private final UUID diskId;
    private ViewRecord installed;
    private MemberId installedAs;
    private Trim last;
    private boolean intact;
    private boolean damaged;
    private long flushedMark;
    private final List<ViewRecord> staged;

    DiskState(UUID diskId, Recovered found) {
        this.diskId = diskId;
        installed = found.installed();
        installedAs = found.installedAs();
        last = found.last();
        intact = found.intact();
        damaged = found.damaged();
        flushedMark = found.flushedMark();
        staged = new ArrayList<>(found.staged());
    }

    boolean isBlank() {
        return installed == null && staged.isEmpty();
    }

    boolean hasInstalled(ViewRecord view) {
        return view.equals(installed);
    }

    /** The base of {@code view} is staged here and flushed. What was staged for another value of the same view stays. */
    void staged(ViewRecord view) {
        staged.removeIf(other -> other.viewId() < view.viewId());
        staged.add(view);
    }

    /** What this disk tells of the view {@code viewId}. */
    Report report(long viewId) {
        if (installed == null || damaged) {
            return Report.withoutBase(viewId);
        }
        return new Report(installed.viewId(), installedAs, last, intact, flushedMark);
    }

    boolean holdsStaged(ViewRecord view) {
        return staged.contains(view);
    }

    /**
     * Where a process that is not a live member of {@code view} can still get the view's base from, since its disk belongs to
     * a member of it: staged for exactly that value; or the log of a survivor, or of the restart source, to be cut by the
     * decided trim. Null: from nowhere. So the disks that held a decided view's base go on holding it, whoever died before
     * installing it.
     */
    Effect.Base baseFor(ViewRecord view) {
        MemberId listed = view.memberOf(diskId);
        if (listed == null) {
            return null;
        }
        if (holdsStaged(view)) {
            return Effect.Base.STAGED;
        }
        if (view.origin() == ViewRecord.Origin.BOOTSTRAP) {
            return installed == null ? Effect.Base.EMPTY : null;
        }
        boolean follows = installed != null && !damaged && installed.viewId() == view.viewId() - 1;
        boolean isSurvivor = view.origin() == ViewRecord.Origin.SURVIVORS && listed.equals(installedAs);
        boolean isSource = view.origin() != ViewRecord.Origin.SURVIVORS && view.source().diskId().equals(diskId);
        return follows && (isSurvivor || isSource) ? Effect.Base.LOG : null;
    }

    void installed(ViewRecord view, MemberId as) {
        installed = view;
        installedAs = as;
        last = Trim.nothing(view.members().size());
        intact = true;
        damaged = false;
        flushedMark = Order.NONE;
        staged.clear();
    }
}
