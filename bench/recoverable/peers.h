/* SPDX-License-Identifier: BSD-2-Clause */
/* Who does the work of a row: the same code, over either build of the library. */
#ifndef BENCH_RECOVERABLE_PEERS_H
#define BENCH_RECOVERABLE_PEERS_H

#include "suite/suite.h"

extern const struct peer peer_mpmc_with, peer_mpmc_without;
extern const struct peer peer_queue_with, peer_queue_without;

#endif
