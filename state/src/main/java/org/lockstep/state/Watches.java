package org.lockstep.state;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.lockstep.wire.EventType;
import org.lockstep.wire.Paths;
import org.lockstep.wire.Perms;

/**
 * The watches of the connections of this server: a data table (getData, exists) and a child table (getChildren), as ZooKeeper
 * has them. A persistent watch stands in both, a recursive one in the data table only. Not thread-safe.
 */
final class Watches {
    /** Kinds of watches that checkWatches and removeWatches name; {@code WatcherType} there. */
    static final int TYPE_CHILDREN = 1;
    static final int TYPE_DATA = 2;
    static final int TYPE_ANY = 3;
    static final int TYPE_PERSISTENT = 4;
    static final int TYPE_RECURSIVE = 5;
    private static final int ALL_MODES = PathWatches.STANDARD | PathWatches.PERSISTENT | PathWatches.RECURSIVE;

    private final AccessControl access;
    private final Map<Watcher, WatcherState> watchers = new IdentityHashMap<>();
    private final Table data = new Table();
    private final Table child = new Table();
    private final ArrayList<WatcherState> targets = new ArrayList<>();
    private int recursiveCount;
    private long firing;

    private static final class Table {
        final Map<String, PathWatches> byPath = new HashMap<>();
        long watchCount;
    }

    Watches(AccessControl access) {
        this.access = access;
    }

    boolean isEmpty() {
        return data.watchCount + child.watchCount == 0;
    }

    void addData(String path, Watcher watcher) {
        add(data, path, watcher, PathWatches.STANDARD);
    }

    void addChild(String path, Watcher watcher) {
        add(child, path, watcher, PathWatches.STANDARD);
    }

    void addPersistent(String path, Watcher watcher) {
        add(data, path, watcher, PathWatches.PERSISTENT);
        add(child, path, watcher, PathWatches.PERSISTENT);
    }

    void addRecursive(String path, Watcher watcher) {
        add(data, path, watcher, PathWatches.RECURSIVE);
    }

    private void add(Table table, String path, Watcher watcher, int mode) {
        WatcherState state = watchers.computeIfAbsent(watcher, WatcherState::new);
        PathWatches watches = table.byPath.computeIfAbsent(path, p -> new PathWatches());
        int before = watches.modesOf(state);
        if (watches.add(state, mode)) {
            if (before == 0) {
                pathsOf(table, state).add(path);
                table.watchCount++;
            }
            recursiveCount += mode == PathWatches.RECURSIVE ? 1 : 0;
        }
    }

    private Set<String> pathsOf(Table table, WatcherState state) {
        return table == data ? state.dataPaths : state.childPaths;
    }

    /** Whether {@code watcher} has a watch of {@code type} on {@code path}. */
    boolean contains(String path, int type, Watcher watcher) {
        WatcherState state = watchers.get(watcher);
        return state != null && ((modes(data, path, state) & dataModes(type)) != 0
                || (modes(child, path, state) & childModes(type)) != 0);
    }

    /** Removes the watches of {@code type} on {@code path}; false when there was none. */
    boolean remove(String path, int type, Watcher watcher) {
        WatcherState state = watchers.get(watcher);
        if (state == null) {
            return false;
        }
        return remove(data, path, state, dataModes(type)) | remove(child, path, state, childModes(type));
    }

    private static int modes(Table table, String path, WatcherState state) {
        PathWatches watches = table.byPath.get(path);
        return watches == null ? 0 : watches.modesOf(state);
    }

    private static int dataModes(int type) {
        return switch (type) {
            case TYPE_DATA -> PathWatches.STANDARD;
            case TYPE_ANY -> ALL_MODES;
            case TYPE_PERSISTENT -> PathWatches.PERSISTENT;
            case TYPE_RECURSIVE -> PathWatches.RECURSIVE;
            default -> 0;
        };
    }

    private static int childModes(int type) {
        return switch (type) {
            case TYPE_CHILDREN -> PathWatches.STANDARD;
            case TYPE_ANY -> ALL_MODES;
            case TYPE_PERSISTENT -> PathWatches.PERSISTENT;
            default -> 0;
        };
    }

    private boolean remove(Table table, String path, WatcherState state, int unwanted) {
        PathWatches watches = table.byPath.get(path);
        int have = watches == null ? 0 : watches.modesOf(state);
        if ((have & unwanted) == 0) {
            return false;
        }
        int stay = have & ~unwanted;
        watches.put(state, stay);
        recursiveCount -= (have & unwanted & PathWatches.RECURSIVE) != 0 ? 1 : 0;
        if (stay == 0) {
            unlink(table, path, state);
            if (watches.size() == 0) {
                table.byPath.remove(path);
            }
        }
        return true;
    }

    private void unlink(Table table, String path, WatcherState state) {
        pathsOf(table, state).remove(path);
        table.watchCount--;
    }

    /** Drops every watch of a connection. */
    void removeAll(Watcher watcher) {
        WatcherState state = watchers.remove(watcher);
        if (state != null) {
            for (String path : state.dataPaths.toArray(new String[0])) {
                remove(data, path, state, ALL_MODES);
            }
            for (String path : state.childPaths.toArray(new String[0])) {
                remove(child, path, state, ALL_MODES);
            }
        }
    }

    /** A node came into being below {@code parentPath}. */
    void created(String path, AclList acl, String parentPath, AclList parentAcl, long zxid) {
        firing++;
        fireData(path, EventType.NODE_CREATED, acl, zxid);
        firing++;
        fireChild(parentPath, EventType.NODE_CHILDREN_CHANGED, parentAcl, zxid);
    }

    /** A node is gone; who watched both its data and its children hears it once. */
    void deleted(String path, AclList acl, String parentPath, AclList parentAcl, long zxid) {
        firing++;
        fireData(path, EventType.NODE_DELETED, acl, zxid);
        fireChild(path, EventType.NODE_DELETED, acl, zxid);
        firing++;
        fireChild(parentPath, EventType.NODE_CHILDREN_CHANGED, parentAcl, zxid);
    }

    void dataChanged(String path, AclList acl, long zxid) {
        firing++;
        fireData(path, EventType.NODE_DATA_CHANGED, acl, zxid);
    }

    private void fireData(String path, int type, AclList acl, long zxid) {
        collect(data, path);
        if (recursiveCount > 0) {
            for (String above = path; above.length() > 1;) {
                above = Paths.parentOf(above);
                collectRecursive(above);
            }
        }
        deliver(path, type, acl, zxid);
    }

    private void fireChild(String path, int type, AclList acl, long zxid) {
        collect(child, path);
        deliver(path, type, acl, zxid);
    }

    /** Marks the watchers of exactly {@code path} and consumes their one-shot watches. */
    private void collect(Table table, String path) {
        PathWatches watches = table.byPath.get(path);
        if (watches == null) {
            return;
        }
        watches.forEach((state, modes) -> {
            target(state);
            int stay = modes & ~PathWatches.STANDARD;
            if (stay == 0) {
                unlink(table, path, state);
            }
            return stay;
        });
        if (watches.size() == 0) {
            table.byPath.remove(path);
        }
    }

    private void collectRecursive(String path) {
        PathWatches watches = data.byPath.get(path);
        if (watches != null) {
            watches.visit((state, modes) -> {
                if ((modes & PathWatches.RECURSIVE) != 0) {
                    target(state);
                }
            });
        }
    }

    private void target(WatcherState state) {
        if (state.lastFiring != firing) {
            state.lastFiring = firing;
            targets.add(state);
        }
    }

    private void deliver(String path, int type, AclList acl, long zxid) {
        // Watchers may close, and so change the tables, while they are told: nothing is being iterated over by now but the list.
        for (int i = 0; i < targets.size(); i++) {
            WatcherState state = targets.get(i);
            if (access.isOpen(acl, Perms.READ) || access.allows(acl, Perms.READ, state.watcher.identities())) {
                state.watcher.onEvent(type, path, zxid);
            }
        }
        targets.clear();
    }

    /** Watches in both tables, one per watcher and path. */
    long watchCount() {
        return data.watchCount + child.watchCount;
    }

    long dataWatchCount() {
        return data.watchCount;
    }

    int dataPathCount() {
        return data.byPath.size();
    }

    /** Connections with at least one watch in the data table. */
    int dataWatcherCount() {
        int count = 0;
        for (WatcherState state : watchers.values()) {
            count += state.dataPaths.isEmpty() ? 0 : 1;
        }
        return count;
    }

    /** Hands out every watch of the data table, path by path. */
    void forEachData(BiConsumer<String, Watcher> visitor) {
        data.byPath.forEach((path, watches) -> watches.visit((state, modes) -> visitor.accept(path, state.watcher)));
    }
}
