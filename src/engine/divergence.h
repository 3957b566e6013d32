/*
 * divergence.h
 *		Has training diverged?
 */
#ifndef RECSYS_ENGINE_DIVERGENCE_H
#define RECSYS_ENGINE_DIVERGENCE_H

#include "postgres.h"

#include "model/draft.h"
#include "model/header.h"

extern void require_convergence(double sse);
extern void require_finite_loss(double loss, const char *hint);
extern void require_finite(const ModelDraft *draft);
extern void require_scores(const ModelDraft *draft, const ModelHeader *header);

#endif							/* RECSYS_ENGINE_DIVERGENCE_H */
