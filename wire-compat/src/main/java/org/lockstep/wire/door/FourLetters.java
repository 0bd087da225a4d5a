package org.lockstep.wire.door;

/** Tells a four-letter word from a frame length. */
final class FourLetters {
    private FourLetters() {}

    /** The word whose four ASCII letters read as {@code value}; null when they are not four lower-case letters. */
    static String text(int value) {
        char[] letters = new char[Integer.BYTES];
        for (int i = 0; i < Integer.BYTES; i++) {
            int letter = (value >>> (8 * (Integer.BYTES - 1 - i))) & 0xff;
            if (letter < 'a' || letter > 'z') {
                return null;
            }
            letters[i] = (char) letter;
        }
        return new String(letters);
    }
}
