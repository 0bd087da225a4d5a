package org.lockstep.log;

/** How a slot came into a table; it says what may be concluded when it is found again. */
enum SlotKind {
    /** Secured in its view: of each sender everything before it is there too. */
    SECURED,
    /** Put on the medium as the next of the view's stable slots: everything before it in the total order is there too. */
    STABLE,
    /** Taken over from a member: belongs to a copy, never to what this disk has secured. */
    COPIED
}
