/*
 * fold.c
 *		A model of a part of the ratings, to be asked about the rest.
 *
 * Training sees what it would see had nothing else ever been read: the users
 * and items of its part alone, pruned by themselves.  The model lives in memory
 * and is asked by the code that serves stored models.  Its users and items are
 * found by their ids, because it may know fewer than the part has, or more.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "engine/run.h"
#include "engine/settle.h"
#include "engine/settle_data.h"
#include "engine/suit.h"
#include "engine/team.h"
#include "engine/train.h"
#include "engine/train_header.h"
#include "engine/train_read.h"
#include "evaluation/fold.h"
#include "model/memory_model.h"
#include "model/model.h"
#include "ratings/prune.h"
#include "resources/budget.h"

/* Bytes of the model of a part as a process serves it, with its ratings. */
Size
fold_served_bytes(const Algorithm *algorithm, const void *options, const MatrixShape *part)
{
	return add_size(algorithm_memory(algorithm, part, options),
					budget_array(part->ratings, sizeof(int32) + sizeof(float)));
}

/*
 * Bytes of training a fold of a part of the given shape, besides the whole: the model as
 * blocks; then either the training, or a model that is ready to predict, which
 * may have the ratings both ways, and "test" bytes for what it is asked.
 */
Size
fold_bytes(const Algorithm *algorithm, const void *options, const MatrixShape *part,
		   Size test)
{
	Size		blocks = fold_served_bytes(algorithm, options, part);

	test = add_size(test, add_size(matrix_bytes(part), algorithm_memory(algorithm, part, options)));
	return add_size(blocks, Max(train_bytes(algorithm, options, part), test));
}

/* Should the ratings of a part be where workers can see them? */
static bool
is_to_be_shared(const TrainedFold *fold)
{
	MatrixShape shape = interactions_shape(fold->whole);

	return team_workers(fold->algorithm, fold->options, shape.ratings) > 0 &&
		budget_fits_shared(train_bytes(fold->algorithm, fold->options, &shape));
}

/* The part as training would have read it, in the current memory context. */
static Interactions *
make_part(const TrainedFold *fold, const SubsetFilter *filter)
{
	SubsetIndex index = subset_index(fold->whole, filter);
	RatingsPolicy policy = train_policy(fold->options);
	Interactions *part = subset_create_compact(fold->whole, filter, &index,
											   is_to_be_shared(fold));

	interactions_prune(part, &policy);
	ratings_for_training(fold->options, part);
	if (sparse_entries(&part->by_user) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a part of relation %s leaves nothing to train on",
						fold->source->relation),
				 errdetail("No user and item in it have as many ratings as min_user_ratings and min_item_ratings require.")));
	return part;
}

/* Bytes that are in use while a part is trained on: the whole and its labels. */
static Size
held_bytes(const Interactions *whole)
{
	MatrixShape shape = interactions_shape(whole);

	return add_size(matrix_bytes(&shape), shape.ratings);
}

/*
 * Train on the part of the ratings that a filter lets through.  What comes of
 * it, palloc'd, may be made into models until fold_end.
 */
FoldRun *
fold_run(const TrainedFold *fold, const SubsetFilter *filter)
{
	FoldRun    *run = palloc0(sizeof(FoldRun));
	TrainContext *training = &run->training;
	MemoryContext old;

	run->scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys training",
										 ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(run->scratch);
	run->part = make_part(fold, filter);
	training->algorithm = fold->algorithm;
	training->options = fold->options;
	training->source = fold->source;
	training->held = held_bytes(fold->whole);
	training->ratings = run->part;
	training->progress = progress_create(fold->algorithm->name);
	training->progress->quiet = ((const CommonOptions *) fold->options)->quiet;
	train_run(training);
	MemoryContextSwitchTo(old);
	return run;
}

/*
 * Several runs on the same part as one of a blend, in the current memory context.
 * It lives as long as they do, which are ended by themselves.
 */
FoldRun *
fold_join(FoldRun *const *part, int parts, const Algorithm *algorithm, const void *options)
{
	FoldRun    *whole = palloc0(sizeof(FoldRun));
	TrainContext *training = &whole->training;
	TrainContext *component[MODEL_COMPONENTS];

	for (int p = 0; p < parts; p++)
		component[p] = &part[p]->training;
	training->algorithm = algorithm;
	training->options = options;
	training->source = component[0]->source;
	training->ratings = component[0]->ratings;
	training->progress = progress_create(algorithm->name);
	train_join(training, component, parts);
	return whole;
}

/* The model that a run has made, in the current memory context. */
Model *
fold_model(const FoldRun *run)
{
	ModelHeader header = train_header(&run->training, run->training.source);

	return memory_model_create(run->training.draft, &header);
}

/* Give back all that a run has. */
void
fold_end(FoldRun *run)
{
	train_end(&run->training);
	interactions_release(run->part);
	MemoryContextDelete(run->scratch);
	pfree(run);
}

/*
 * The model of the part of the ratings that a filter lets through, in the
 * current memory context.
 */
Model *
fold_train(const TrainedFold *fold, const SubsetFilter *filter)
{
	FoldRun    *run = fold_run(fold, filter);
	Model	   *model = fold_model(run);

	fold_end(run);
	return model;
}

/* Where the ids of users or items are in a model, -1 where they are not. */
static int32 *
index_of_ids(Model *model, ModelPart part, const Ids *ids)
{
	int32	   *index = allocate_array(ids->count, sizeof(int32));

	for (int32 i = 0; i < ids->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		index[i] = model_has_part(model, part) ? model_find_id(model, part, ids_get(ids, i)) : -1;
	}
	return index;
}

/* Find the users and items of some ratings in a model.  Palloc'd. */
FoldIndex
fold_index(Model *model, const Interactions *ratings)
{
	return (FoldIndex) {
		.user = index_of_ids(model, PART_USER_IDS, &ratings->users),
		.cold_user = index_of_ids(model, PART_COLD_USER_IDS, &ratings->users),
		.item = index_of_ids(model, PART_ITEM_IDS, &ratings->items)
	};
}

/* Predict all of some ratings; the predictions are as many. */
void
fold_predict(Model *model, const Interactions *ratings, const FoldIndex *index,
			 Prediction *prediction)
{
	Side		side = model_prefers_item_order(model) ? SIDE_ITEMS : SIDE_USERS;
	const SparseRows *rows = interactions_by(ratings, side);
	int64		n = 0;

	for (int32 row = 0; row < rows->rows; row++)
		for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		{
			int32		user = side == SIDE_ITEMS ? rows->index[e] : row;
			int32		item = side == SIDE_ITEMS ? row : rows->index[e];
			double		rating = model->form->predict(model, index->user[user],
													  index->item[item]);

			CHECK_FOR_INTERRUPTS();
			prediction[n++] = (Prediction) {user, model_clip(model, rating), rows->value[e]};
		}
}

/* Means over all predictions, of which there must be one. */
PredictionErrors
prediction_errors(const Prediction *prediction, int64 count)
{
	PredictionErrors errors = {0};

	for (int64 i = 0; i < count; i++)
	{
		double		error = prediction[i].predicted - prediction[i].actual;

		errors.mse += error * error;
		errors.mae += fabs(error);
	}
	errors.mse /= count;
	errors.mae /= count;
	return errors;
}
