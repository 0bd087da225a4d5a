package org.lockstep.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.apache.zookeeper.common.PathUtils;
import org.junit.jupiter.api.Test;

/** Which paths are valid: the official client's rule is the oracle. */
class PathsTest {
    private static final char[] ALPHABET = {'/', '.', 'a', '\u0000', '\u001f', '\u007f', '\u00a0', '\ud800', '\ufff0'};
    private static final int LENGTH_MAX = 5;

    @Test
    void everyShortPathIsJudgedAsTheOfficialClientJudgesIt() {
        assertEquals(accepts(null), Paths.isValid(null));
        char[] path = new char[LENGTH_MAX];
        int valid = 0;
        for (int length = 0; length <= LENGTH_MAX; length++) {
            valid += allOf(path, 0, length);
        }
        assertTrue(valid > 100, valid + " valid");
    }

    @Test
    void everyCharacterIsJudgedAsTheOfficialClientJudgesIt() {
        for (int c = 0; c <= Character.MAX_VALUE; c++) {
            for (String path : new String[] {"/" + (char) c, "/a" + (char) c + "b", "" + (char) c, "/a/" + (char) c + "/b"}) {
                assertSame(path);
            }
        }
    }

    @Test
    void longerPathsAreJudgedAsTheOfficialClientJudgesThem() {
        Random random = new Random(42);
        String pieces = "////.....abc\u00e9\u4e2d";
        for (int round = 0; round < 200_000; round++) {
            StringBuilder path = new StringBuilder("/");
            for (int i = random.nextInt(12); i > 0; i--) {
                path.append(pieces.charAt(random.nextInt(pieces.length())));
            }
            assertSame(path.toString());
        }
    }

    @Test
    void parentAndNameTakeAPathApart() {
        assertEquals("/", Paths.parentOf("/a"));
        assertEquals("a", Paths.nameOf("/a"));
        assertEquals("/a/b", Paths.parentOf("/a/b/c"));
        assertEquals("c", Paths.nameOf("/a/b/c"));
        assertEquals("/", Paths.parentOf("/"));
        assertEquals("", Paths.nameOf("/"));
        assertFalse(Paths.isValid("/a/"));
        assertEquals("/a", Paths.parentOf("/a/"));
    }

    private static int allOf(char[] path, int filled, int length) {
        if (filled == length) {
            return assertSame(new String(path, 0, length)) ? 1 : 0;
        }
        int valid = 0;
        for (char c : ALPHABET) {
            path[filled] = c;
            valid += allOf(path, filled + 1, length);
        }
        return valid;
    }

    private static boolean assertSame(String path) {
        boolean valid = accepts(path);
        assertEquals(valid, Paths.isValid(path), () -> "path " + path.chars().mapToObj(Integer::toHexString).toList());
        return valid;
    }

    private static boolean accepts(String path) {
        try {
            PathUtils.validatePath(path);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
