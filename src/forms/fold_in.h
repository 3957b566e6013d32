/*
 * fold_in.h
 *		How the vector of somebody who was not in training is found in a factor
 *		model, as its header says.
 */
#ifndef RECSYS_FORMS_FOLD_IN_H
#define RECSYS_FORMS_FOLD_IN_H

#include "postgres.h"

#include "model/draft.h"
#include "model/model.h"

/* How a user's vector is found when the items' stay as they are. */
typedef enum FoldInKind
{
	FOLD_IN_RIDGE,				/* ridge regression of their ratings */
	FOLD_IN_DESCENT,			/* steps of gradient descent on the same */
	FOLD_IN_WEIGHTED,			/* least squares on all items, observed or not */
	FOLD_IN_LOGISTIC,			/* logistic regression on all items */
	FOLD_IN_RANKING				/* steps that rank their items above others */
} FoldInKind;

/*
 * What an algorithm leaves in a model for it.  Members that the kind does not
 * use are ignored; flags are 0 or 1.
 */
typedef struct FoldIn
{
	FoldInKind	kind;
	double		regularization; /* on squares of factors */
	double		bias_regularization;
	double		biased;			/* with a bias of the user? */
	double		centered;		/* ridge: that bias is the mean of their ratings */
	double		scaled;			/* ridge: penalties are for each rating? */
	double		non_negative;	/* ridge: no factor may be negative? */
	double		learning_rate;	/* descent, logistic, ranking */
	double		learning_rate_decay;	/* descent, ranking */
	double		iterations;		/* descent, logistic, ranking */
	double		popularity;		/* ranking: others are drawn as often as observed? */
	double		seed;
	double		alpha;			/* weighted, see ials.c; logistic */
	double		hu_koren;
	double		unobserved_weight;
	double		nu;
} FoldIn;

extern void draft_add_fold_in(ModelDraft *draft, const FoldIn *fold_in);
extern FoldIn *fold_in_load(const Model *model);

#endif							/* RECSYS_FORMS_FOLD_IN_H */
