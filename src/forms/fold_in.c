/*
 * fold_in.c
 *		What an algorithm leaves in a model for finding the vectors of users who
 *		were not in training: the header's parameter "fold_in".
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "forms/fold_in.h"
#include "model/json.h"

/* By FoldInKind. */
static const char *const kind_names[] = {"ridge", "descent", "weighted", "logistic", "ranking", NULL};

/* The members of the parameter, and the kinds that have them. */
#define FOR(kind) (1 << (FOLD_IN_##kind))

static const struct
{
	const char *name;
	size_t		offset;
	double		min;
	double		max;
	int			kinds;
}			members[] = {
	{"regularization", offsetof(FoldIn, regularization), 0, 1e9, ~0},
	{"bias_regularization", offsetof(FoldIn, bias_regularization), 0, 1e9, FOR(RIDGE) | FOR(DESCENT)},
	{"biased", offsetof(FoldIn, biased), 0, 1, FOR(RIDGE) | FOR(DESCENT)},
	{"centered", offsetof(FoldIn, centered), 0, 1, FOR(RIDGE)},
	{"scaled", offsetof(FoldIn, scaled), 0, 1, FOR(RIDGE)},
	{"non_negative", offsetof(FoldIn, non_negative), 0, 1, FOR(RIDGE)},
	{"learning_rate", offsetof(FoldIn, learning_rate), 0, 1,
	FOR(DESCENT) | FOR(LOGISTIC) | FOR(RANKING)},
	{"learning_rate_decay", offsetof(FoldIn, learning_rate_decay), 0, 1, FOR(DESCENT) | FOR(RANKING)},
	{"iterations", offsetof(FoldIn, iterations), 1, 100000,
	FOR(DESCENT) | FOR(LOGISTIC) | FOR(RANKING)},
	{"popularity", offsetof(FoldIn, popularity), 0, 1, FOR(RANKING)},
	{"seed", offsetof(FoldIn, seed), PG_INT32_MIN, PG_INT32_MAX, FOR(RANKING)},
	{"alpha", offsetof(FoldIn, alpha), 0, 1e6, FOR(WEIGHTED) | FOR(LOGISTIC)},
	{"hu_koren", offsetof(FoldIn, hu_koren), 0, 1, FOR(WEIGHTED)},
	{"unobserved_weight", offsetof(FoldIn, unobserved_weight), 0, 1e6, FOR(WEIGHTED)},
	{"nu", offsetof(FoldIn, nu), 0, 2, FOR(WEIGHTED)}
};

/* Add what folding users in needs; without it, a model cannot. */
void
draft_add_fold_in(ModelDraft *draft, const FoldIn *fold_in)
{
	StringInfoData json;

	json_start(&json);
	json_add_string(&json, "kind", kind_names[fold_in->kind]);
	for (int i = 0; i < lengthof(members); i++)
	{
		double		number = *(const double *) ((const char *) fold_in + members[i].offset);

		if ((members[i].kinds & (1 << fold_in->kind)) == 0)
			continue;
		draft->diverged = draft->diverged || !isfinite(number);
		json_add_number(&json, members[i].name, number);
	}
	appendStringInfoChar(&json, '}');
	json_add_raw(&draft->params, "fold_in", json.data);
	pfree(json.data);
}

/* Report a parameter that is invalid. */
static void
report_fold_in(const Model *model)
{
	report_corruption(model->relid, model->version, "header", "its parameter \"fold_in\" is invalid");
}

/* The kind by its name.  Error: there is none, or an unknown one. */
static FoldInKind
kind_of(const Model *model, const Jsonb *object)
{
	char	   *name = object == NULL ? NULL : json_get_string(object, "kind");

	for (int kind = 0; name != NULL && kind_names[kind] != NULL; kind++)
		if (strcmp(name, kind_names[kind]) == 0)
			return kind;
	report_fold_in(model);
	return FOLD_IN_RIDGE;
}

/*
 * What a model's header says of folding in, palloc'd; NULL: nothing.  Error:
 * what it says is invalid.
 */
FoldIn *
fold_in_load(const Model *model)
{
	FoldIn	   *fold_in;
	Jsonb	   *object;
	JsonbValue	value;

	if (!json_get(model->header.params, "fold_in", &value))
		return NULL;
	object = json_get_container(model->header.params, "fold_in");
	fold_in = palloc0(sizeof(FoldIn));
	fold_in->kind = kind_of(model, object);
	for (int i = 0; i < lengthof(members); i++)
	{
		double		number;

		if ((members[i].kinds & (1 << fold_in->kind)) == 0)
			continue;
		number = json_get_number(object, members[i].name);
		if (!(number >= members[i].min && number <= members[i].max))
			report_fold_in(model);
		*(double *) ((char *) fold_in + members[i].offset) = number;
	}
	return fold_in;
}
