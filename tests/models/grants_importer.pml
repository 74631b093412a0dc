/* The monitor of grants.pml whose core has it mapped, and what its kernel does for it. */

inline send_request() {
    inbox[OWNER]!REQUEST, client[asked].queued, client[asked].queued_by, client[asked].queued_what;
    announced = true
}

inline send_released() {
    inbox[OWNER]!GRANT_RELEASED, NOTHING, 0, 0;
    released = false
}

inline send_death(c_) {
    inbox[OWNER]!GRANT_DIED, NOTHING, client[c_].died, 0;
    client[c_].died = NOBODY
}

/* The kernel's: a scratch frame takes the place of the page. */
inline grant_withdraw() {
    d_step {
        mapped_by = NOBODY;
        mapped_grant = 0;
        mapped_record = 0
    }
}

inline give_up() {
#ifdef RELEASED_BEFORE_WITHDRAWN
    atomic { has_credit(OWNER) -> send_released() }
    grant_withdraw();
    imported_by = NOBODY
#else
    grant_withdraw();
    imported_by = NOBODY;
    released = true
#endif
}

/* GRANT_IMPORT of the kernel, which may fail for want of frames. */
inline grants_import(by_) {
    atomic {
        if
        :: alive(MAPPER) && client[MAPPER].self == by_ ->
            claim(freed_unreachable, pins > 0 && present);
            claim(revoked_unreachable, export.grant > ended_grant);
            claim(revoked_unreachable, export.record == 0 || export.record > ended_record);
            mapped_by = by_;
            mapped_grant = export.grant;
            mapped_record = export.record;
            ok = true
        :: ok = false
        fi
    }
    if
    :: ok -> imported_by = by_
    :: else ->
#ifdef FAILED_MAP_NOT_RELEASED
        skip
#else
        released = true
#endif
    fi
}

inline on_reply() {
    atomic {
        c = asked;
        kind = client[c].queued;
        by = client[c].queued_by;
        client[c].queued = NOTHING;
        client[c].queued_by = NOBODY;
        client[c].queued_what = 0;
        asked = NONE;
        announced = false
    }
    if
    :: kind == MAP && ok -> grants_import(by)
    :: else
    fi;
    d_step {
        if
        :: alive(c) && client[c].self == by ->
            if
            :: kind == DELEGATE && ok -> told_record = number
            :: kind == REVOKE ->
                if
                :: ok ->
                    ended_record = client[c].what;
                    claim(revoked_unreachable, !reachable || mapped_record != ended_record)
                :: else
                fi;
                told_record = 0
            :: else
            fi;
            client[c].waits = false
        :: else
        fi
    }
}

inline request_serve() {
    atomic {
        kind = client[c].asks;
        client[c].asks = NOTHING;
        if
        :: kind == UNMAP
        :: kind == NOTHING /* it has died */
        :: else ->
            client[c].queued = kind;
            client[c].queued_by = client[c].self;
            client[c].queued_what = client[c].what;
            client[c].told = true
        fi
    }
    giving = kind == UNMAP && imported_by != NOBODY && imported_by == client[c].self
}

/* What it has mapped is given back; what it was to ask is not asked any more. */
inline process_died() {
#ifndef MAPPER_DEATH_FORGOTTEN
    giving = imported_by != NOBODY && imported_by == client[c].self;
#endif
    atomic {
#ifndef REQUEST_AFTER_DEATH
        if
        :: client[c].queued != NOTHING && !(asked == c && announced) ->
            client[c].queued = NOTHING;
            client[c].queued_by = NOBODY;
            client[c].queued_what = 0;
            asked = (asked == c -> NONE : asked)
        :: else
        fi;
#endif
#ifndef DEATH_NOT_TOLD
        client[c].died = (client[c].told -> client[c].self : NOBODY);
#endif
        client[c].told = false;
        mapped_by = (mapped_by == client[c].self -> NOBODY : mapped_by); /* PROC_DESTROY */
        client[c].self = NOBODY;
        client[c].dead = false
    }
}

inline end_requests(c) {
    client[c].queued = NOTHING;
    client[c].queued_by = NOBODY;
    client[c].queued_what = 0;
    client[c].died = NOBODY;
    client[c].told = false;
    client[c].waits = client[c].waits && client[c].asks != NOTHING
}

inline owner_gone() {
    fence(OWNER);
    atomic {
        drain(IMPORTER);
        drain(OWNER);
        end_requests(MAPPER);
        end_requests(LINK);
        asked = NONE;
        announced = false;
        released = false;
        told_record = 0
    }
#ifdef STARTED_BEFORE_WITHDRAWN
    start_owner();
#endif
    if
    :: imported_by != NOBODY ->
        grant_withdraw();
        imported_by = NOBODY
    :: else
    fi;
#ifndef STARTED_BEFORE_WITHDRAWN
    if
    :: lost
    :: else -> start_owner()
    fi
#endif
}

proctype importer_monitor() {
    mtype type, kind;
    byte c, by, number;
    bool ok, giving;
end:
    do
    :: atomic {
           !crashed[IMPORTER];
           parked[IMPORTER] = false;
           type = 0;
           kind = 0;
           ok = false;
           giving = false;
           forget(c, by, number)
       }
       {
           do
           :: true ->
end_idle:
               if
               :: inbox[IMPORTER]?type, _, ok, number ->
                   if
                   :: type == REPLY && asked != NONE && announced -> on_reply()
#ifdef OLD_MESSAGES_KEPT
                   :: type == REPLY && !(asked != NONE && announced)
#endif
                   :: type == GRANT_REVOKE ->
                       giving = imported_by != NOBODY;
#ifdef REVOKE_ALWAYS_ANSWERED
                       released = true
#endif
                   fi
               :: atomic {
                      if
                      :: client[MAPPER].asks != NOTHING -> c = MAPPER
                      :: client[LINK].asks != NOTHING -> c = LINK
                      fi
                  }
                  request_serve()
               :: atomic {
                      if
                      :: client[MAPPER].dead -> c = MAPPER
                      :: client[LINK].dead -> c = LINK
                      fi
                  }
                  process_died()
               :: atomic { asked == NONE && client[MAPPER].queued != NOTHING -> asked = MAPPER }
               :: atomic { asked == NONE && client[LINK].queued != NOTHING -> asked = LINK }
               :: atomic { asked != NONE && !announced && has_credit(OWNER) -> send_request() }
               :: atomic { released && has_credit(OWNER) -> send_released() }
               :: atomic { client[MAPPER].died && has_credit(OWNER) -> send_death(MAPPER) }
               :: atomic { client[LINK].died && has_credit(OWNER) -> send_death(LINK) }
               :: crashed[OWNER] && !lost -> owner_gone()
               fi;
               if
               :: giving -> give_up()
               :: else
               fi;
               d_step {
                   client[MAPPER].waits = client[MAPPER].waits && kind != UNMAP;
                   type = 0;
                   kind = 0;
                   ok = false;
                   giving = false;
                   forget(c, by, number)
               }
           od
       } unless {
           atomic {
               crashed[IMPORTER];
               parked[IMPORTER] = true
           }
       }
    od
}
