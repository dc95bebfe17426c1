/* SPDX-License-Identifier: GPL-2.0 */
/* What the control socket shows, as JSON. */
#ifndef MOBX_AGENT_STATUS_H
#define MOBX_AGENT_STATUS_H

#include <jansson.h>

#include "ike/ike.h"

struct worker;

/** status_conn() - a connection, or one client of a responder */
json_t *status_conn(const struct ike_status *s);

/** status_report() - a report with the time of day */
json_t *status_report(const struct ike_report *r);

/** status_agent() - the agent itself */
json_t *status_agent(const struct worker *w);

/** status_counters() - what the agent has counted, a list of objects */
json_t *status_counters(const struct worker *w);

#endif /* MOBX_AGENT_STATUS_H */
