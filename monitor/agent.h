/*
 * What the monitor does for its core's agent of the driver manager (servers/driver-manager), which
 * decides what is started again, and where: it hands over what the agent's predecessor has started,
 * keeps records for its successor, reads files and policies, and compares text with files. The
 * requests are in include/bulkhead/protocol/monitor.h.
 */
#ifndef MONITOR_AGENT_H
#define MONITOR_AGENT_H

#include "cores.h"
#include "requests.h"

/* By what name all cores know the agent that leads. */
#define NAME_MANAGER "manager"

/* For cores_listen() and names_listen(): tells the agent that something has changed. */
void agent_view_changed(core_set_t gone);
void agent_leader_changed(endpoint_t leader);

/* MONITOR_ADOPT to MONITOR_POLICY. */
int agent_adopt(struct call *call);
int agent_run(struct call *call);
int agent_check(struct call *call);
int agent_keep(struct call *call);
int agent_kept(struct call *call);
int agent_file(struct call *call);
int agent_policy(struct call *call);

#endif
