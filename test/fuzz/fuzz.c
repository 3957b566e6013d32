/*
 * fuzz.c
 *		fuzz_add(name, version, part, block, meta, data) and
 *		fuzz_run(seconds, cases, seed): damaged models, one after the other.
 *
 * This is a library of its own, made of the extension's code for models but
 * for what reads tables, in the place of which ask.c has the case at hand.  A
 * session gives it the rows of models, one of every algorithm (test/fuzz/seeds.sql), and
 * then has it run.  Each case is a model, damaged (mutate.c) and asked
 * everything (ask.c).  What is judged:
 *
 *	- damaged blindly, a question is answered as before or by the error
 *	  data_corrupted, never by something else;
 *	- forged, it is answered by numbers, or by an error that is not internal;
 *	- no case takes more than a second, or more memory than a bound.
 *
 * A crash ends the server; "running", in the folder of its data, has the number
 * of the case.  A case depends on the seed and its number alone: script/fuzz
 * with SEED, FIRST and CASES=1 does it again.
 */
#include "postgres.h"
#include "compat.h"

#include <fcntl.h>
#include <unistd.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "fuzz.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "model/json.h"

PG_MODULE_MAGIC;

#define MOST_MODELS 64
#define MOST_BYTES ((Size) 32 * 1024 * 1024)
#define MOST_SECONDS 1.0
#define MOST_COMPLAINTS 20

extern PGDLLEXPORT void _PG_init(void);

static FuzzModel *models[MOST_MODELS];
static int	model_count;
static Answer right[MOST_MODELS][QUESTIONS];

/* What has come of the cases so far. */
typedef struct Tally
{
	int64		cases;
	int64		answers;		/* as before, or of numbers */
	int64		errors;
	int			complaints;
	Size		bytes;
	double		seconds;
} Tally;

void
_PG_init(void)
{
	kernels_choose();
	(void) blas_load();
	model_cache_init();
}

static FuzzModel *
find_model(const char *name, int32 version)
{
	for (int m = 0; m < model_count; m++)
		if (strcmp(models[m]->name, name) == 0)
			return models[m];
	if (model_count == MOST_MODELS)
		elog(ERROR, "too many models");
	models[model_count] = palloc0(sizeof(FuzzModel));
	models[model_count]->name = pstrdup(name);
	models[model_count]->version = version;
	models[model_count]->blobs = 1;
	return models[model_count++];
}

PG_FUNCTION_INFO_V1(fuzz_add);

/* (name text, version int, part text, block int, meta jsonb, data bytea): a row of a model. */
Datum
fuzz_add(PG_FUNCTION_ARGS)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	FuzzModel  *model = find_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1));
	FuzzBlob   *blob;
	int			component;
	ModelPart	part;

	if (!part_of_name(text_to_cstring(PG_GETARG_TEXT_PP(2)), &component, &part) ||
		model->blobs == MOST_BLOBS)
		elog(ERROR, "unknown part, or too many");
	blob = part == PART_HEADER ? &model->blob[0] : &model->blob[model->blobs++];
	blob->part = COMPONENT_PART(component, part);
	blob->block = PG_GETARG_INT32(3);
	blob->data = PG_GETARG_BYTEA_P_COPY(5);
	if (part == PART_HEADER)
	{
		model->meta = PG_GETARG_JSONB_P_COPY(4);
		model->meta_text = json_to_cstring(model->meta);
	}
	MemoryContextSwitchTo(old);
	PG_RETURN_VOID();
}

static bool
is_internal(int sqlstate)
{
	return sqlstate == ERRCODE_INTERNAL_ERROR || sqlstate == ERRCODE_OUT_OF_MEMORY;
}

static void
complain(Tally *tally, const FuzzModel *model, int64 number, bool forged, const char *question,
		 const char *what)
{
	tally->complaints++;
	ereport(WARNING,
			(errmsg("case " INT64_FORMAT ", model \"%s\", %s, question \"%s\": %s", number,
					model->name, forged ? "forged" : "damaged", question, what)));
}

/* Is what a damaged model says all right?  If not, say why. */
static const char *
judge(const Answer *answer, const Answer *before, bool forged)
{
	if (is_internal(answer->sqlstate))
		return psprintf("internal error: %s", answer->message);
	if (answer->wrong)
		return "not a finite number";
	if (forged || answer->sqlstate == ERRCODE_DATA_CORRUPTED)
		return NULL;
	if (answer->sqlstate != before->sqlstate || answer->hash != before->hash)
		return psprintf("another answer than before%s%s", answer->sqlstate != 0 ? ": " : "",
						answer->message);
	return NULL;
}

/* Leave the number of a case where it is found after a crash. */
static void
write_number(int64 number)
{
	static int	file = -1;

	if (file < 0)
		file = open("running", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (pwrite(file, psprintf("%020lld\n", (long long) number), 21, 0) != 21)
		elog(ERROR, "could not write the number of the case");
}

static void
do_case(int64 seed, int64 number, Tally *tally)
{
	RandomStream stream = random_stream(seed, number, 0);
	int			m = random_below(&stream, model_count);
	const FuzzModel *other = models[random_below(&stream, model_count)];
	bool		forged = random_below(&stream, 3) > 0;
	FuzzModel	model = *models[m];
	Answer		answer[QUESTIONS];
	Usage		usage;

	write_number(number);
	(forged ? forge : damage_blindly) (&model, other, &stream);
	ask_all(&model, answer, &usage);
	for (int q = 0; q < QUESTIONS; q++)
	{
		const char *problem = judge(&answer[q], &right[m][q], forged);

		tally->errors += answer[q].sqlstate != 0;
		tally->answers += answer[q].sqlstate == 0;
		if (problem != NULL)
			complain(tally, &model, number, forged, question_names[q], problem);
	}
	if (usage.bytes > MOST_BYTES || usage.seconds > MOST_SECONDS)
		complain(tally, &model, number, forged, "all",
				 psprintf("%zu bytes, %.3f s", usage.bytes, usage.seconds));
	tally->bytes = Max(tally->bytes, usage.bytes);
	tally->seconds = Max(tally->seconds, usage.seconds);
	tally->cases++;
}

/* What the models say as they are; they had better say something. */
static void
learn(void)
{
	Usage		usage;

	for (int m = 0; m < model_count; m++)
	{
		ask_all(models[m], right[m], &usage);
		if (right[m][0].sqlstate != 0 || right[m][5].sqlstate != 0)
			elog(ERROR, "model \"%s\" cannot be used: %s", models[m]->name,
				 right[m][right[m][0].sqlstate != 0 ? 0 : 5].message);
	}
}

static char *
describe(const Tally *tally)
{
	return psprintf("%s: " INT64_FORMAT " cases of %d models, " INT64_FORMAT " answers, "
					INT64_FORMAT " errors, at most %zu kB and %.0f ms, %d complaints",
					tally->complaints == 0 ? "good" : "BAD", tally->cases, model_count,
					tally->answers, tally->errors, tally->bytes / 1024, tally->seconds * 1000,
					tally->complaints);
}

PG_FUNCTION_INFO_V1(fuzz_run);

/* (seconds float8, cases bigint, seed bigint, first bigint) returns text */
Datum
fuzz_run(PG_FUNCTION_ARGS)
{
	double		seconds = PG_GETARG_FLOAT8(0);
	int64		cases = PG_GETARG_INT64(1);
	int64		seed = PG_GETARG_INT64(2);
	int64		first = PG_GETARG_INT64(3);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Tally		tally = {0};
	instr_time	start;
	instr_time	now;

	INSTR_TIME_SET_CURRENT(start);
	learn();
	for (int64 number = first; number < first + cases && tally.complaints < MOST_COMPLAINTS; number++)
	{
		CHECK_FOR_INTERRUPTS();
		do_case(seed, number, &tally);
		MemoryContextReset(context);
		INSTR_TIME_SET_CURRENT(now);
		INSTR_TIME_SUBTRACT(now, start);
		if (INSTR_TIME_GET_DOUBLE(now) > seconds)
			break;
	}
	MemoryContextSwitchTo(old);
	PG_RETURN_TEXT_P(cstring_to_text(describe(&tally)));
}
