/*
 * request.c
 *		The best items for somebody: all functions and evaluation ask here.
 *
 * For a user of the model, or from the profile of somebody else, every item is
 * scored by the model; what is not to be recommended is left out, and of the
 * rest, or of the candidates, the best are kept.  Scores are not clipped to the
 * range of the ratings as predictions are, because they would no longer tell
 * the order.  Somebody of whom nothing is known gets the items with the most
 * ratings, or, from a model whose scores are the same for everybody, what
 * everybody gets.  So does somebody for whom the model has no item at all: a
 * user without neighbors, say.  A list that is only shorter than was asked for
 * is not filled up, because numbers of ratings would not be in the order of its
 * scores.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "resources/budget.h"
#include "serving/request.h"

/* Work space that stays with the ranker. */
static void *
allocate(const Ranker *ranker, Size count, Size element)
{
	return MemoryContextAllocHuge(ranker->context, budget_array(Max(count, 1), element));
}

/*
 * Make the work space for requests to a model, for lists of n items at most, in
 * the current memory context.
 */
Ranker *
ranker_create(Model *model, int n)
{
	Ranker	   *ranker = palloc0(sizeof(Ranker));

	ranker->model = model;
	ranker->lists = list_scores_create(model);
	ranker->n = Min(n, model->header.items);
	ranker->context = CurrentMemoryContext;
	ranker->score = allocate(ranker, model->header.items, sizeof(double));
	ranker->heap = allocate(ranker, ranker->n, sizeof(Scored));
	return ranker;
}

/* Error unless the model knows what users have seen: its ratings. */
void
require_seen(const Model *model)
{
	if (model->header.users > 0 && !model_has_part(model, PART_RATINGS))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" does not know what users have seen",
						get_rel_name(model->relid)),
				 errdetail("It was trained with store_ratings false."),
				 errhint("Train it with store_ratings true. The functions that recommend do without with exclude_seen => false.")));
}

/* What is rated and what is seen besides, in one list. */
static ItemList
unite(Ranker *ranker, UserProfile rated, ItemList seen)
{
	int32		item_count = ranker->model->header.items;

	if (seen.count == 0)
		return (ItemList) {rated.count, rated.item};
	if (rated.count == 0)
		return seen;
	if (ranker->seen == NULL)
		ranker->seen = allocate(ranker, item_count, sizeof(int32));
	memcpy(ranker->seen, rated.item, sizeof(int32) * rated.count);
	/* They do not overlap in a model that training wrote, but anybody can write a table. */
	seen.count = Min(seen.count, item_count - rated.count);
	memcpy(ranker->seen + rated.count, seen.item, sizeof(int32) * seen.count);
	return (ItemList) {rated.count + seen.count, ranker->seen};
}

/*
 * What the list must not have.  It may be in blocks of the model that go when
 * its form is loaded: so it is found after scoring.  Error: the model does not
 * know what was seen.
 */
static ItemList
find_left_out(Ranker *ranker, const Request *request)
{
	Model	   *model = ranker->model;
	ItemList	seen = {0};

	if (!request->exclude_seen)
		return (ItemList) {0};
	if (request->user >= 0)
		require_seen(model);
	seen.count = model_seen_besides(model, request->user, request->cold_user, &seen.item);
	return unite(ranker, request->user >= 0 ? model_profile(model, request->user) :
				 request->profile, seen);
}

/* Score all items for whom the request is. */
static void
score_items(Ranker *ranker, const Request *request)
{
	Model	   *model = ranker->model;

	if (request->scored != NULL)
		for (int32 item = 0; item < model->header.items; item++)
			ranker->score[item] = request->scored[item];
	else if (request->by_prediction)
		model->form->score_items(model, request->user, ranker->score);
	else if (request->user < 0 && request->profile.count > 0)
		list_scores_of_profile(ranker->lists, &request->profile, ranker->score);
	else
		list_scores_of_user(ranker->lists, request->user, ranker->score);
	if (ranker->ordered)
		settle_scores(ranker->score, model->header.items);
}

/* Keep the best of the scores. */
static void
list_best(Ranker *ranker, const Request *request, TopK *top)
{
	ranker->scored = true;
	ranker->left_out = find_left_out(ranker, request);
	leave_out(ranker->score, ranker->left_out);
	if (request->candidates != NULL)
		push_items(top, ranker->score, *request->candidates);
	else
		push_scores(top, ranker->score, ranker->model->header.items);
	sort_pushed(top);
}

/* The order of the popular items, deep enough for the request at hand. */
static const PopularOrder *
popular_order(Ranker *ranker, const Request *request)
{
	int64		least = (int64) request->n + ranker->left_out.count;
	int32		depth = (int32) Min(least, ranker->model->header.items);
	MemoryContext old;

	if (ranker->many)
		depth = ranker->model->header.items;
	if (ranker->popular != NULL && ranker->popular->best.capacity >= depth)
		return ranker->popular;
	old = MemoryContextSwitchTo(ranker->context);
	ranker->popular = popular_order_create(ranker->model, depth);
	MemoryContextSwitchTo(old);
	return ranker->popular;
}

/* List by numbers of ratings; all items are listed as they are sorted, without scores. */
static void
list_popular(Ranker *ranker, const Request *request, TopK *top)
{
	if (request->candidates == NULL)
	{
		ranker->scored = false;
		ranker->left_out = find_left_out(ranker, request);
		popular_list(popular_order(ranker, request), ranker->left_out, top);
		return;
	}
	memcpy(ranker->score, popular_order(ranker, request)->count,
		   sizeof(double) * (Size) ranker->model->header.items);
	list_best(ranker, request, top);
}

/* Is nothing known of whom the request is for, that the model could use? */
static bool
is_cold_user(const Ranker *ranker, const Request *request)
{
	return request->user < 0 && request->profile.count == 0 &&
		!model_is_non_personalized(ranker->model);
}

/*
 * List what the model has for whom the request is for, or, if that is nothing,
 * what is popular.  Returns what the list goes by.
 */
static Basis
list_personal(Ranker *ranker, const Request *request, TopK *top)
{
	score_items(ranker, request);
	list_best(ranker, request, top);
	if (model_is_non_personalized(ranker->model))
		return BASIS_POPULAR;
	if (top->count > 0 || top->capacity == 0)
		return BASIS_PERSONALIZED;
	list_popular(ranker, request, top);
	return BASIS_POPULAR;
}

/*
 * Answer a request.  Errors: what was seen is to be left out and the model does
 * not know it; a score is infinite; those of the form.
 */
Answer
request_answer(Ranker *ranker, const Request *request)
{
	int32		item_count PG_USED_FOR_ASSERTS_ONLY = ranker->model->header.items;
	Answer		answer = {.basis = BASIS_POPULAR};

	Assert(request->user < ranker->model->header.users);
	Assert(Min(request->n, item_count) <= ranker->n);
	Assert(profile_is_valid(&request->profile, item_count));
	Assert(request->candidates == NULL || item_list_is_valid(*request->candidates, item_count));
	ranker->left_out = (ItemList) {0};
	topk_init(&answer.top, Min(request->n, ranker->n), ranker->heap);
	if (request->by_popularity || is_cold_user(ranker, request))
		list_popular(ranker, request, &answer.top);
	else
		answer.basis = list_personal(ranker, request, &answer.top);
	Assert(ranking_is_valid(&answer.top, item_count));
	return answer;
}

/* Answer the only request to a model; the list is in the current memory context. */
Answer
request_answer_once(Model *model, const Request *request)
{
	return request_answer(ranker_create(model, request->n), request);
}

/*
 * Set for whom a request is: a user of the model, or somebody else, of whom it
 * may know what they have seen.
 */
void
request_set_user(Request *request, Model *model, Id id)
{
	request->user = find_user(model, id);
	request->cold_user = request->user >= 0 ? -1 : find_cold_user(model, id);
}
