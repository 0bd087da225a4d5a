package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BytesCacheTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static boolean look(BytesCache<String> cache, String text) {
        byte[] key = bytes(text);
        int hash = BytesCache.hash(key, 0, key.length);
        String found = cache.get(hash, key, 0, key.length);
        if (found == null) {
            cache.put(hash, key, 0, key.length, text);
            return false;
        }
        assertEquals(text, found);
        return true;
    }

    @Test
    void keepsFromTheSecondMissOn() {
        BytesCache<String> cache = new BytesCache<>(16, 100);
        assertTrue(!look(cache, "/a") && !look(cache, "/a"));
        assertTrue(look(cache, "/a") && look(cache, "/a"));
    }

    @Test
    void whatComesOnceDisplacesNothing() {
        BytesCache<String> cache = new BytesCache<>(16, 100);
        look(cache, "/hot");
        look(cache, "/hot");
        for (int i = 0; i < 1000; i++) {
            assertTrue(!look(cache, "/once" + i));
            assertTrue(look(cache, "/hot"), "gone after " + i);
        }
    }

    @Test
    void neverAnswersWithAnother() {
        BytesCache<String> cache = new BytesCache<>(4, 6);
        Random random = new Random(3);
        int hits = 0;
        for (int i = 0; i < 20_000; i++) {
            hits += look(cache, "/" + random.nextInt(random.nextBoolean() ? 4 : 3000)) ? 1 : 0;
        }
        assertTrue(hits > 1000, "only " + hits + " hits");
    }

    @Test
    void longRangesAreNotKept() {
        BytesCache<String> cache = new BytesCache<>(16, 3);
        for (int i = 0; i < 3; i++) {
            assertTrue(!look(cache, "/long"));
        }
        byte[] key = bytes("/long");
        assertNull(cache.get(BytesCache.hash(key, 0, key.length), key, 0, key.length));
    }
}
