/*
 * handover.h
 *		What workers have read, handed over to the leader.
 */
#ifndef RECSYS_RATINGS_HANDOVER_H
#define RECSYS_RATINGS_HANDOVER_H

#include "postgres.h"

#include "access/parallel.h"
#include "storage/shm_mq.h"

#include "ratings/loader.h"

typedef struct Handover Handover;

/* The leader's side. */
typedef struct HandoverQueues
{
	ParallelContext *parallel;
	int			workers;		/* that were launched */
	shm_mq_handle **queue;		/* [workers] */
	Handover   *from;			/* [workers] start of the handover of each */
} HandoverQueues;

extern void handover_send(shm_mq_handle *queue, const Loader *loader);
extern void handover_begin(HandoverQueues *queues, ParallelContext *parallel);
extern void handover_receive(HandoverQueues *queues, Loader *loader);
extern void handover_end(HandoverQueues *queues);

#endif							/* RECSYS_RATINGS_HANDOVER_H */
