/*
 * ask.c
 *		Asks a model everything that serving can, and notes what it says.
 *
 * Each question has an answer of its own: the SQLSTATE of its error, or a hash
 * of all numbers.  Two models that say the same have the same hashes.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/memutils.h"

#include "fuzz.h"
#include "model/header.h"
#include "model/model.h"
#include "model/table.h"

/* Of users and of items so many are asked for, at most. */
#define MOST_ROWS 12

/* The case at hand. */
static const FuzzModel *asked;

const char *const question_names[QUESTIONS] = {
	"open", "log", "ids", "predict", "unknown", "score", "score users", "profile", "cosine", "dot",
	"euclidean", "manhattan", "users"
};

/* The cache of models is not used: cases are opened as they are. */
const BlockSource *
model_table_source(Oid relid, int32 version)
{
	return NULL;
}

bool
model_table_read_header(Oid relid, HeaderRow *row)
{
	return false;
}

bool
model_table_is_model(Oid relid, Oid type)
{
	return false;
}

/* A source of the blocks of the case at hand. */
static bool
read_case(const BlockSource *source, int component, ModelPart part, uint32 number,
		  ModelBlock *block, const char **problem)
{
	*problem = "it is missing";
	for (int b = 1; b < asked->blobs; b++)
		if (asked->blob[b].part == COMPONENT_PART(component, part) &&
			asked->blob[b].block == (int32) number)
			return asked->blob[b].data != NULL &&
				block_decode(asked->blob[b].data, block, problem);
	return false;
}

static void
measure_case(const BlockSource *source, MeasureBlock measure, void *arg)
{
	for (int b = 1; b < asked->blobs; b++)
		if (asked->blob[b].data != NULL)
			measure(arg, component_part_name(asked->blob[b].part >> 8, asked->blob[b].part & 0xff),
					asked->blob[b].block, VARSIZE(asked->blob[b].data) - VARHDRSZ);
}

static const BlockSource case_source = {.read = read_case, .measure = measure_case};

static void
note(Answer *answer, const void *bytes, Size length)
{
	const unsigned char *byte = bytes;

	for (Size i = 0; i < length; i++)
		answer->hash = (answer->hash ^ byte[i]) * UINT64CONST(1099511628211);
}

/* Note a score, which may not be infinite, and NaN only where there can be none. */
static void
note_score(Answer *answer, double score, bool optional)
{
	if (isinf(score) || (isnan(score) && !optional))
		answer->wrong = true;
	if (isnan(score))
		score = 0;
	note(answer, &score, sizeof(score));
}

static void
note_scores(Answer *answer, const double *score, int32 count)
{
	for (int32 i = 0; i < count; i++)
		note_score(answer, score[i], true);
}

static int32
some(int32 count)
{
	return Min(count, MOST_ROWS);
}

static double *
room(const Model *model)
{
	return palloc_extended(sizeof(double) * (Size) Max(model->header.items, model->header.users),
						   MCXT_ALLOC_HUGE);
}

static void
ask_log(Answer *answer)
{
	int			count;
	IterationLog *log = header_decode_log(asked->meta, &count);

	for (int i = 0; log != NULL && i < count; i++)
		note_score(answer, log[i].loss, true);
}

static void
ask_ids(Model *model, Answer *answer)
{
	for (int side = 0; side < 2; side++)
	{
		ModelPart	part = side == 0 ? PART_USER_IDS : PART_ITEM_IDS;
		int32		count = side == 0 ? model->header.users : model->header.items;

		for (int32 row = 0; row < some(count); row++)
		{
			Id			id = model_id(model, part, row);

			note(answer, id.integer ? (const void *) &id.number : id.text,
				 id.integer ? sizeof(id.number) : id.length);
			if (model_find_id(model, part, id) != row)
				answer->wrong = true;
		}
	}
}

/* Predictions; those for who or what is not known, too. */
static void
ask_predictions(Model *model, bool unknown, Answer *answer)
{
	for (int32 user = unknown ? -1 : 0; user < (unknown ? 1 : some(model->header.users)); user++)
		for (int32 item = unknown ? -1 : 0; item < (unknown ? 0 : some(model->header.items)); item++)
			if (user < model->header.users)
				note_score(answer, model_clip(model, model->form->predict(model, user, item)), false);
}

static void
ask_scores(Model *model, Answer *answer)
{
	double	   *score = room(model);

	for (int32 user = 0; user < some(model->header.users); user++)
	{
		model->form->score_items(model, user, score);
		note_scores(answer, score, model->header.items);
	}
}

static void
ask_users(Model *model, Answer *answer)
{
	int32		users[MOST_ROWS];
	int32		count = some(model->header.users);
	Size		total = (Size) count * model->header.items;
	float	   *score = palloc_extended(sizeof(float) * Max(total, 1), MCXT_ALLOC_HUGE);

	for (int32 u = 0; u < count; u++)
		users[u] = u;
	if (model->form->score_users == NULL)
		return;
	(void) model_state(model);
	model->form->score_users(model, users, count, score);
	for (Size i = 0; i < total; i++)
		note_score(answer, score[i], true);
}

static void
ask_profile(Model *model, Answer *answer)
{
	int32		item[MOST_ROWS];
	float		value[MOST_ROWS];
	UserProfile profile = {.item = item, .value = value};
	double	   *score = room(model);

	for (int32 i = 0; i < some(model->header.items); i += 2)
	{
		item[profile.count] = i;
		value[profile.count++] = 1 + i % 5;
	}
	if (model->form->score_profile == NULL)
		return;
	(void) model_state(model);
	model->form->score_profile(model, &profile, score);
	note_scores(answer, score, model->header.items);
}

static void
ask_similar(Model *model, Side side, VectorMetric metric, Answer *answer)
{
	int32		count = side == SIDE_ITEMS ? model->header.items : model->header.users;
	double	   *score = room(model);

	(void) model_state(model);
	for (int32 row = 0; row < Min(some(count), 3); row++)
	{
		model_compare(model, side, row, metric, score);
		note_scores(answer, score, count);
	}
}

static void
ask_question(int question, Model *model, Answer *answer)
{
	switch (question)
	{
		case 1:
			ask_log(answer);
			break;
		case 2:
			ask_ids(model, answer);
			break;
		case 3:
		case 4:
			(void) model_state(model);
			ask_predictions(model, question == 4, answer);
			break;
		case 5:
			(void) model_state(model);
			ask_scores(model, answer);
			break;
		case 6:
			ask_users(model, answer);
			break;
		case 7:
			ask_profile(model, answer);
			break;
		case 12:
			ask_similar(model, SIDE_USERS, VECTOR_COSINE, answer);
			break;
		default:
			ask_similar(model, SIDE_ITEMS, VECTOR_COSINE + question - 8, answer);
	}
}

static Model *
open_model(MemoryContext context)
{
	HeaderRow	row = {
		.version = asked->version,
		.meta = (struct varlena *) asked->meta,
		.manifest = asked->blob[0].data
	};

	return model_create(InvalidOid, &row, &case_source, context);
}

/* Ask, and note the error, if it ends in one.  Returns the model, once it is open. */
static Model *
ask(int question, Model *model, MemoryContext context, Answer *answer)
{
	MemoryContext old = CurrentMemoryContext;
	Model	   *volatile opened = model;

	memset(answer, 0, sizeof(*answer));
	PG_TRY();
	{
		if (question == 0)
			opened = open_model(context);
		else
			ask_question(question, model, answer);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		FlushErrorState();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			ReThrowError(error);
		answer->sqlstate = error->sqlerrcode;
		strlcpy(answer->message, error->message, sizeof(answer->message));
	}
	PG_END_TRY();
	return opened;
}

/* Ask a model everything. */
void
ask_all(const FuzzModel *model, Answer *answer, Usage *usage)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "fuzz case",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	instr_time	start;
	instr_time	end;
	Model	   *opened = NULL;

	asked = model;
	INSTR_TIME_SET_CURRENT(start);
	usage->bytes = 0;
	(void) memory_requested();
	for (int question = 0; question < QUESTIONS; question++)
	{
		if (question > 0 && opened == NULL)
			answer[question] = answer[0];
		else
			opened = ask(question, opened, context, &answer[question]);
		usage->bytes = Max(usage->bytes, MemoryContextMemAllocated(context, true));
	}
	usage->bytes = Max(usage->bytes, memory_requested());
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	usage->seconds = INSTR_TIME_GET_DOUBLE(end);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
