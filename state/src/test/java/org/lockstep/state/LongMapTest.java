package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LongMapTest {
    @Test
    void behavesAsATreeMap() {
        Random random = new Random(1);
        for (int round = 0; round < 50; round++) {
            LongMap<String> map = new LongMap<>();
            TreeMap<Long, String> model = new TreeMap<>();
            long spread = 1L << random.nextInt(40);
            for (int i = 0; i < 2000; i++) {
                long key = (random.nextInt(200) - 100) * spread;
                if (random.nextInt(3) == 0) {
                    map.remove(key);
                    model.remove(key);
                } else {
                    map.put(key, "v" + i);
                    model.put(key, "v" + i);
                }
                long probe = (random.nextInt(200) - 100) * spread;
                assertEquals(model.get(probe), map.get(probe));
                assertEquals(model.size(), map.size());
            }
            assertArrayEquals(model.keySet().stream().mapToLong(Long::longValue).toArray(), map.sortedKeys());
            TreeMap<Long, String> seen = new TreeMap<>();
            map.forEach(seen::put);
            assertEquals(model, seen);
        }
    }
}
