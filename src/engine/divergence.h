/*
 * divergence.h
 *		Has training diverged?
 */
#ifndef RECSYS_ENGINE_DIVERGENCE_H
#define RECSYS_ENGINE_DIVERGENCE_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "model/draft.h"
#include "model/header.h"

extern bool squares_have_diverged(TrainContext *context, double sse);
extern bool loss_has_diverged(TrainContext *context, double loss, const char *hint);
extern bool training_has_diverged(TrainContext *context);
pg_noreturn extern void report_divergence(const TrainContext *context);
extern bool factors_have_collapsed(const ModelDraft *draft);
extern void report_collapse(const TrainContext *context);
extern void require_scores(const ModelDraft *draft, const ModelHeader *header);

#endif							/* RECSYS_ENGINE_DIVERGENCE_H */
