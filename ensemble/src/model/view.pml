/* The steady state of a view: send, receive, claim, secure, deliver. Included by lockstep.pml. */

/* to := the next data slot of sender behind index from; 0: none */
inline next(v, sender, from, to) {
    to = from + 1;
    do
    :: to > INDEXES -> to = 0; break
    :: else ->
        if
        :: DATA(v, to, sender) -> break
        :: else -> to++
        fi
    od
}

/* c := the claim of sender that may count at m: only when all data that it could cover is there */
inline claimThatCounts(v, m, sender) {
    c = claim[VM(v, sender)];
#ifndef BUG_CLAIM_BEFORE_DATA
    next(v, sender, received[CELL(m, sender)], y);
    if
    :: y != 0 && y <= c -> c = y - 1
    :: else
    fi
#endif
}

/* w := the claim that lets others deliver what they sent */
inline claimNeeded(m) {
    w = 0;
    for (k : 0 .. 2) {
        if
        :: k != m && m < k && known[CELL(m, k)] > w -> w = known[CELL(m, k)]
        :: k != m && m > k && known[CELL(m, k)] > w + 1 -> w = known[CELL(m, k)] - 1
        :: else
        fi
    }
}

inline pump(v, m) {
    if
    :: STEADY(m) ->
        claimNeeded(m);
        if
        :: w > known[CELL(m, m)] -> known[CELL(m, m)] = w; claim[VM(v, m)] = w
        :: else
        fi
    :: else
    fi
}

#ifdef AT_ONCE
inline takeClaims(v) {
    do
    :: good = 0;
        for (i : 0 .. 8) {
            takeIfNew(v, i / 3, i % 3)
        }
        if
        :: !good -> break
        :: else
        fi
    od
}

inline takeIfNew(v, m, sender) {
    if
    :: STEADY(m) && at[m] == v ->
        claimThatCounts(v, m, sender);
        if
        :: c > known[CELL(m, sender)] -> known[CELL(m, sender)] = c; good = 1; pump(v, m)
        :: else
        fi
    :: else
    fi
}
#endif

#ifdef BUG_STABLE_BY_MAJORITY
#define STABLE(v, x, k) ((row[ROW(v, 0, k)] >= x) + (row[ROW(v, 1, k)] >= x) + (row[ROW(v, 2, k)] >= x) >= MAJORITY)
#else
#define STABLE(v, x, k) ((row[ROW(v, 0, k)] >= x || !IN(0, lived[v])) && (row[ROW(v, 1, k)] >= x || !IN(1, lived[v])) \
        && (row[ROW(v, 2, k)] >= x || !IN(2, lived[v])))
#endif
/* Everybody delivers what is stable and next, as far as the rows that were published could tell. */
inline deliver(v) {
#ifdef AT_ONCE
    takeClaims(v);
#endif
    for (i : 0 .. 2) {
        if
        :: IN(i, live) && at[i] == v -> sweep(v, i)
        :: else
        fi
    }
}

inline sweep(v, m) {
    x = 1; k = 0;
    do
    :: x > INDEXES -> break
    :: else ->
        c = known[CELL(m, k)];
        if
        :: !IN(k, lived[v]) -> c = INDEXES
        :: else ->
            if
            :: !STEADY(m) -> claimThatCounts(v, m, k)
            :: else
            fi
        fi;
        if
        :: c < x -> break
        :: else
        fi;
        if
        :: DATA(v, x, k) && received[CELL(m, k)] >= x ->
            if
            :: !STABLE(v, x, k) -> break
            :: else -> noteDelivered(v)
            fi
        :: else -> assert(!DATA(v, x, k)) /* a skipped slot never holds data */
        fi;
        k++;
        if
        :: k == 3 -> k = 0; x++
        :: else
        fi
    od
}

inline noteDelivered(v) {
    if
    :: PLACE(x, k) + 1 > delivered[v] -> delivered[v] = PLACE(x, k) + 1
    :: else
    fi;
    assert(decided[v] == 0 || x <= trim[VBM(v, decided[v], k)]) /* nothing delivered is lost */
}

inline send(v, m) {
    claimNeeded(m);
    x = known[CELL(m, m)] + 1;
    if
    :: w > x -> x = w
    :: else
    fi;
#ifdef BUG_SENDS_BELOW_CLAIM
    if
    :: known[CELL(m, m)] > 0 && !DATA(v, known[CELL(m, m)], m) -> x = known[CELL(m, m)]
    :: else
    fi;
#endif
    if
    :: x <= INDEXES ->
        data[v] = data[v] | (1 << PLACE(x, m));
        sent[v]++;
        known[CELL(m, m)] = x;
        claim[VM(v, m)] = x;
        received[CELL(m, m)] = x;
#ifdef BUG_COUNTS_OWN_BEFORE_LOG
        row[ROW(v, m, m)] = x;
#endif
        deliver(v)
    :: else
    fi
}

/* With AT_ONCE, others' slots are secured and claims taken as soon as they are there: fewer ways, for more of the election. */
inline receive(v, m, sender) {
    next(v, sender, received[CELL(m, sender)], x);
    if
    :: x != 0 ->
        received[CELL(m, sender)] = x;
        if
        :: known[CELL(m, sender)] < x -> known[CELL(m, sender)] = x
        :: else
        fi;
#ifdef AT_ONCE
        logged[CELL(m, sender)] = x;
        row[ROW(v, m, sender)] = x;
#endif
        pump(v, m);
        deliver(v)
    :: else
    fi
}

inline takeClaim(v, m, sender) {
    claimThatCounts(v, m, sender);
    if
    :: c > known[CELL(m, sender)] ->
        known[CELL(m, sender)] = c;
        pump(v, m);
        deliver(v)
    :: else
    fi
}

inline secure(v, m, sender) {
    next(v, sender, logged[CELL(m, sender)], x);
    if
    :: x != 0 && x <= received[CELL(m, sender)] ->
        logged[CELL(m, sender)] = x;
        row[ROW(v, m, sender)] = x;
        deliver(v)
    :: else
    fi
}
