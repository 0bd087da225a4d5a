package org.lockstep.wire;

/** Rules for znode paths (surface: ZooKeeper's {@code PathUtils}), and the small operations every room needs on them. */
public final class Paths {
    private Paths() {}

    /**
     * True when {@code path} is a valid znode path: absolute, no empty, {@code .} or {@code ..} component, no trailing slash but
     * for the root itself, and none of U+0000-001F, U+007F-009F, U+D800-F8FF, U+FFF0-FFFF.
     */
    public static boolean isValid(String path) {
        if (path == null || path.isEmpty() || path.charAt(0) != '/') {
            return false;
        }
        int length = path.length();
        if (length == 1) {
            return true;
        }
        if (path.charAt(length - 1) == '/') {
            return false;
        }
        int componentStart = 1;
        for (int i = 1; i < length; i++) {
            char c = path.charAt(i);
            if (c == '/') {
                if (isBadComponent(path, componentStart, i)) {
                    return false;
                }
                componentStart = i + 1;
            } else if (c <= 0x1f || (c >= 0x7f && (c <= 0x9f || (c >= 0xd800 && c <= 0xf8ff) || c >= 0xfff0))) {
                return false;
            }
        }
        return !isBadComponent(path, componentStart, length);
    }

    private static boolean isBadComponent(String path, int start, int end) {
        int length = end - start;
        return length == 0
                || (length == 1 && path.charAt(start) == '.')
                || (length == 2 && path.charAt(start) == '.' && path.charAt(start + 1) == '.');
    }

    /** The parent of an absolute path; {@code /} for a child of the root. */
    public static String parentOf(String path) {
        int slash = path.lastIndexOf('/');
        return slash <= 0 ? "/" : path.substring(0, slash);
    }

    /** The last component of an absolute path. */
    public static String nameOf(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
