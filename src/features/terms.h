/*
 * terms.h
 *		The terms of items: words of their texts and their tags, counted.
 */
#ifndef RECSYS_FEATURES_TERMS_H
#define RECSYS_FEATURES_TERMS_H

#include "postgres.h"

#include "features/items.h"
#include "math/sparse.h"
#include "ratings/ids.h"

/* What a term begins with, so that a word and a tag are never the same. */
#define TERM_WORD 'w'
#define TERM_TAG 't'

typedef struct Terms
{
	Ids			items;
	Ids			names;			/* as w:word or t:tag */
	SparseRows	counts;			/* items x names */
} Terms;

extern Terms *terms_read(const ItemsSource *source, Size other_bytes);

/* Is a term a tag, or else a word? */
static inline bool
term_is_tag(const Ids *names, int32 term)
{
	return names->bytes[names->offset[term]] == TERM_TAG;
}

#endif							/* RECSYS_FEATURES_TERMS_H */
