package org.lockstep.compat.clients;

import java.nio.charset.StandardCharsets;

/** Texts as nodes hold them. */
final class Texts {
    private Texts() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
