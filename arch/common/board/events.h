/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once

/* event_emit() from several CPUs at once, from now on. */
void board_events_init(void);
