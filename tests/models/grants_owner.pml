/* The monitor of grants.pml whose core has the memory, and what its kernel does for it. */

/* PROC_DESTROY, which the kernel refuses while something is pinned. */
inline destroy_root() {
    d_step {
#ifdef DESTROYED_WHILE_PINNED
        claim(freed_unreachable, !reachable);
        present = false;
        root = NOBODY
#else
        claim(freed_unreachable, pins > 0 || !reachable);
        present = present && pins > 0;
        root = (pins > 0 -> root : NOBODY)
#endif
    }
}

/* The reply to the root: the grant is ended, or cannot be. */
inline answer_root(ended) {
    d_step {
        claim(revoked_unreachable,
              !(root_waits && ended && reachable && mapped_grant == root_revokes));
        ended_grant = (root_waits && ended -> root_revokes : ended_grant);
        root_waits = false;
        root_revokes = 0
    }
}

inline send_reply() {
    inbox[IMPORTER]!REPLY, NOTHING, success, replied;
    serving = false;
    served = false;
    success = false;
    replied = 0
}

inline finish(well, number) {
    served = true;
    success = well;
    replied = number
}

#define is_mapped_by_grant  (export.used && export.grant == root_revokes)
#define is_mapped_by_record (export.used && export.record == link_revokes)

inline unpin() {
    d_step {
        pins--;
        export.used = false;
        export.ending = false;
        export.owed = false
    }
}

inline send_revoke() {
    inbox[IMPORTER]!GRANT_REVOKE, NOTHING, 0, 0;
    export.owed = false
}

#ifdef REVOKE_OVERTAKES_REPLY
#define may_send_revoke has_credit(IMPORTER)
#else
#define may_send_revoke (!(serving && served) && has_credit(IMPORTER))
#endif

/* What is to be sent. */
#ifdef OWED_REVOKE_FORGOTTEN
#define revoke_is_owed may_send_revoke
#else
#define revoke_is_owed true
#endif

/* Ends what is mapped, if it is so that it came through what ends. */
inline end_export(through) {
    d_step {
        export.owed = export.owed || (export.used && !export.ending && through && revoke_is_owed);
        export.ending = export.ending || (export.used && through);
#ifdef UNPINNED_BEFORE_RELEASED
        pins = pins - export.used;
        export.used = false
#endif
    }
}

/* GRANT_RESOLVE of the kernel, with the flag that it sets. */
inline resolve(user, id) {
    d_step {
        ok = root != NOBODY && !root_dead && valid && grant == id && grantee == user;
#ifndef MARKED_LATE
        remote = remote || ok
#endif
    }
}

/* Whose grant it is in the end, and which: as records_claim() does. */
inline records_claim(client_, id) {
#ifdef LINKED
    d_step {
        ok = record.id == id && id != 0 && record.grantee == client_;
        via = id;
        parent = (ok -> record.parent : 0);
        user = (ok -> record.delegator : 0)
    }
#else
    ok = true;
    parent = id;
    user = client_
#endif
}

inline grants_map(client_, id) {
    records_claim(client_, id);
    ok = ok && !export.used;
    if
    :: ok -> resolve(user, parent)
    :: else
    fi;
    if
    :: ok ->
        d_step { /* GRANT_PIN */
            ok = root != NOBODY && !root_dead && present;
            pins = pins + ok
        }
    :: else
    fi;
    atomic {
        if
        :: ok ->
            export.used = true;
            export.ending = false;
            export.owed = false;
            export.grant = parent;
            export.record = via
        :: else
        fi;
        forget(via, user, parent);
        finish(ok, 0)
    }
#ifdef MARKED_LATE
    ;remote = true
#endif
}

inline grants_delegate(client_, id) {
    resolve(client_, id);
    atomic {
        if
        :: ok && record.id == 0 ->
            records++;
            record.id = records;
            record.parent = id;
            record.delegator = client_;
            record.grantee = client[MAPPER].self; /* whom the link means */
            finish(true, records)
        :: else -> finish(false, 0)
        fi
    }
}

/* By the link, of a record: served when nothing is mapped through it. */
inline grants_revoke_record(client_, id) {
    if
    :: record.id == id && record.delegator == client_ && id != 0 ->
#ifndef RECORD_KEPT
        record.id = 0;
#endif
        end_export(export.record == id);
#ifdef ANSWERED_AT_ONCE
        finish(true, 0)
#else
        link_revokes = id
#endif
    :: else -> finish(false, 0)
    fi
}

/* By the root, of its grant. */
inline grants_revoke_grant() {
    root_asks = false;
    root_revokes = grant;
    end_export(export.grant == grant);
#ifdef ANSWERED_AT_ONCE
    answer_root(true)
#endif
}

/* A process of any core has died: what it has passed on ends. */
inline forget_process(dead_) {
    if
    :: record.id != 0 && (record.delegator == dead_ || record.grantee == dead_) ->
#ifndef MAPPED_THROUGH_THE_DEAD
        end_export(export.record == record.id);
#endif
        record.id = 0
    :: else
    fi
}

inline root_died() {
    root_news = false;
    root_revokes = 0;
#ifndef ROOT_DEATH_FORGOTTEN
    end_export(true);
#endif
    held = true /* until nothing is mapped: child_free() */
}

#if defined(DESTROYED_WHILE_PINNED) || defined(HOLD_FORGOTTEN)
#define may_destroy held
#else
#define may_destroy (held && !export.used)
#endif

/*
 * As forward_cores_gone(), then grants_cores_gone(). What is mapped by a core that did not
 * acknowledge being fenced stays so.
 */
inline importer_gone() {
#ifndef UNPINNED_BEFORE_FENCE
    fence(IMPORTER);
#endif
    atomic {
#ifndef OLD_MESSAGES_KEPT
        drain(OWNER);
#endif
        drain(IMPORTER);
        serving = false;
        served = false;
        success = false;
        replied = 0;
        link_revokes = 0;
        record.id = 0;
        export.owed = false;
#ifdef LOST_COUNTS_AS_FENCED
        export.released = export.used;
#else
        export.released = export.used && !lost;
        export.lost = export.used && lost;
#endif
        gone = true
    }
}

proctype owner_monitor() {
    mtype type, kind;
    byte by, id, via, user, parent;
    bool ok;
end:
    do
    :: atomic {
           !crashed[OWNER];
           parked[OWNER] = false;
           type = 0;
           kind = 0;
           by = 0;
           id = 0;
           ok = false;
           forget(via, user, parent)
       }
       {
end_idle:
           do
           :: inbox[OWNER]?type, kind, by, id ->
               if
               :: type == REQUEST ->
                   serving = true;
                   if
                   :: kind == MAP -> grants_map(by, id)
                   :: kind == DELEGATE -> grants_delegate(by, id)
                   :: kind == REVOKE -> atomic { grants_revoke_record(by, id) }
                   fi
               :: type == GRANT_RELEASED -> export.released = export.used
               :: type == GRANT_DIED -> atomic { forget_process(by) }
               fi;
               d_step {
                   type = 0;
                   kind = 0;
                   by = 0;
                   id = 0;
                   ok = false
               }
           :: export.released -> export.released = false; unpin()
           :: atomic { root_asks -> grants_revoke_grant() }
           :: root_revokes && !is_mapped_by_grant -> answer_root(true)
           :: root_revokes && is_mapped_by_grant && export.lost -> answer_root(false)
           :: atomic {
                  link_revokes && !is_mapped_by_record ->
                  link_revokes = 0;
                  finish(true, 0)
              }
           :: atomic { root_news -> root_died() }
           :: may_destroy ->
               held = false;
               destroy_root()
           :: atomic { serving && served && has_credit(IMPORTER) -> send_reply() }
           :: atomic { export.owed && may_send_revoke -> send_revoke() }
           :: crashed[IMPORTER] && !lost && !gone -> importer_gone()
           :: gone && !export.released ->
#ifdef UNPINNED_BEFORE_FENCE
               fence(IMPORTER);
#endif
               if
               :: lost -> gone = false
               :: else -> start_importer()
               fi
           od
       } unless {
           atomic {
               crashed[OWNER];
               parked[OWNER] = true
           }
       }
    od
}
