package org.lockstep.state;

import org.lockstep.wire.JuteWriter;

/** Writes the Stat record that clients see of a node. */
final class Stats {
    private Stats() {}

    static void write(JuteWriter out, Node node) {
        out.writeLong(node.czxid).writeLong(node.mzxid).writeLong(node.ctimeMillis).writeLong(node.mtimeMillis);
        out.writeInt(node.version).writeInt(2 * node.cversion - node.childCount).writeInt(node.aversion);
        out.writeLong(Owner.shown(node.owner)).writeInt(node.dataLength()).writeInt(node.childCount);
        out.writeLong(node.pzxid);
    }
}
