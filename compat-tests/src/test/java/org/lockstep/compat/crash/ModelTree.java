package org.lockstep.compat.crash;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the tree must be after a prefix of the workload's writes: ZooKeeper's rules for Stat, written down a second time. */
final class ModelTree {
    private static final int REPORTED_MAX = 5;

    private final Map<String, Node> nodes = new HashMap<>();

    private static final class Node {
        String data;
        long czxid;
        long mzxid;
        long pzxid;
        int version;
        int childrenCreated;
        int children;
        long owner;

        NodeView view() {
            // ZooKeeper stores how many children were ever created and shows twice that, less those that are there
            return new NodeView(data, czxid, mzxid, pzxid, version, 2 * childrenCreated - children, owner, children);
        }
    }

    /** Applies a write that succeeded. Writes come in the order of their zxids. */
    void apply(Write write) {
        switch (write.kind()) {
            case CREATE, SEQUENTIAL -> create(write.name(), write.data(), write.zxid(), 0);
            case EPHEMERAL -> create(write.name(), write.data(), write.zxid(), write.session());
            case SET -> set(write.path(), write.data(), write.zxid());
            case MULTI -> {
                create(write.path() + "a", write.path(), write.zxid(), 0);
                create(write.path() + "b", write.path(), write.zxid(), 0);
                set(WorkloadClient.counterPath(write.client()), write.data(), write.zxid());
            }
            case DELETE -> delete(write.path(), write.zxid());
            default -> throw new IllegalArgumentException(write.toString());
        }
    }

    /** The first few differences to what a server has; empty when there is none. */
    List<String> differences(Map<String, NodeView> actual) {
        List<String> found = new ArrayList<>();
        nodes.forEach((path, node) -> {
            NodeView view = actual.get(path);
            if (!node.view().equals(view)) {
                found.add(path + " must be " + node.view() + ", is " + view);
            }
        });
        actual.keySet().stream().filter(path -> !nodes.containsKey(path))
                .forEach(path -> found.add(path + " must not be there, is " + actual.get(path)));
        return found.size() <= REPORTED_MAX ? found : shortened(found);
    }

    private static List<String> shortened(List<String> found) {
        List<String> first = new ArrayList<>(found.subList(0, REPORTED_MAX));
        first.add(found.size() - REPORTED_MAX + " more");
        return first;
    }

    /** The name that the next sequential create below {@code parent} gets. */
    String nextSequential(String parent, String stem) {
        return stem + "%010d".formatted(nodes.get(parent).childrenCreated);
    }

    boolean has(String path) {
        return nodes.containsKey(path);
    }

    private void create(String path, String data, long zxid, long owner) {
        Node node = new Node();
        node.data = data;
        node.czxid = zxid;
        node.mzxid = zxid;
        node.pzxid = zxid;
        node.owner = owner;
        if (nodes.put(path, node) != null) {
            throw new IllegalStateException(path + " was created twice");
        }
        Node parent = parent(path);
        if (parent != null) {
            parent.childrenCreated++;
            parent.children++;
            parent.pzxid = zxid;
        }
    }

    private void set(String path, String data, long zxid) {
        Node node = nodes.get(path);
        node.data = data;
        node.version++;
        node.mzxid = zxid;
    }

    private void delete(String path, long zxid) {
        if (nodes.remove(path) == null) {
            throw new IllegalStateException(path + " was deleted twice");
        }
        Node parent = parent(path);
        parent.children--;
        parent.pzxid = zxid;
    }

    private Node parent(String path) {
        return nodes.get(path.substring(0, path.lastIndexOf('/')));
    }
}
