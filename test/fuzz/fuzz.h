/*
 * fuzz.h
 *		Models that somebody has damaged, and what they say.
 */
#ifndef RECSYS_FUZZ_H
#define RECSYS_FUZZ_H

#include "postgres.h"

#include "math/random.h"
#include "model/model.h"

/* A row of a model's table; that of the header is among them. */
typedef struct FuzzBlob
{
	uint32		part;			/* COMPONENT_PART */
	int32		block;
	bytea	   *data;			/* NULL: the row has gone */
} FuzzBlob;

#define MOST_BLOBS 256

/* A version of a model: as it was made, or as a case has it. */
typedef struct FuzzModel
{
	const char *name;
	int32		version;
	const Jsonb *meta;
	const char *meta_text;		/* the same */
	int			blobs;			/* the first is the manifest */
	FuzzBlob	blob[MOST_BLOBS];
} FuzzModel;

/* What a model is asked. */
#define QUESTIONS 13

typedef struct Answer
{
	int			sqlstate;		/* 0: no error */
	uint64		hash;			/* of all numbers */
	bool		wrong;			/* one of them is infinite, or NaN where it may not be */
	char		message[96];	/* of the error */
} Answer;

/* What it took. */
typedef struct Usage
{
	Size		bytes;			/* allocated, even if freed before long */
	double		seconds;
} Usage;

extern const char *const question_names[QUESTIONS];

extern Size memory_requested(void);
extern void ask_all(const FuzzModel *model, Answer *answer, Usage *usage);
extern void damage_blindly(FuzzModel *model, const FuzzModel *other, RandomStream *stream);
extern void forge(FuzzModel *model, const FuzzModel *other, RandomStream *stream);

#endif							/* RECSYS_FUZZ_H */
