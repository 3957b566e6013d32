/*
 * ids.h
 *		The ids of users or items in order, and their dense indexes.
 *
 * Ids of integer types are held as int64, all others as text.  An Ids holds n
 * of them in order (integers by value, text by bytes, whatever the collation);
 * the position of an id is its dense index.
 */
#ifndef RECSYS_RATINGS_IDS_H
#define RECSYS_RATINGS_IDS_H

#include "postgres.h"

#include "compat.h"

/* One id: text is not terminated, and not owned. */
typedef struct Id
{
	bool		integer;
	int64		number;
	const char *text;
	int			length;
} Id;

/* Ids in order, none twice. */
typedef struct Ids
{
	bool		integer;
	int32		count;
	int64	   *numbers;		/* [count] if integer */
	int64	   *offset;			/* [count + 1] into bytes if text */
	char	   *bytes;
} Ids;

/* Bytes of the text of any integer. */
#define ID_TEXT_BYTES 24

extern void ids_append(Ids *ids, Id id);
extern void ids_copy_ordered(const Ids *from, const int32 *order, int32 count, Ids *to);
extern void ids_select(const Ids *from, const int32 *index, int32 count, Ids *to);
extern void ids_unite(const Ids *a, const Ids *b, Ids *both, int32 *index_a, int32 *index_b);
extern Id	ids_get(const Ids *ids, int32 index);
extern int32 ids_find(const Ids *ids, Id id);
extern int	id_compare(Id a, Id b);
extern Id	id_copy(Id id);
extern char *id_to_cstring(Id id);
extern bool id_convert(Id *id, bool integer, char *space);
extern int32 *ids_places(const Ids *ids, const Ids *there);

/* In builds with assertions: are the ids in order, and none twice? */
#ifdef USE_ASSERT_CHECKING
extern void check_ids(const Ids *ids);
#else
#define check_ids(ids) ((void) 0)
#endif

/* The id that an integer is. */
static inline Id
id_of_integer(int64 number)
{
	return (Id) {.integer = true, .number = number};
}

/* The id that a text is; it must be detoasted, and live as long as the id. */
static inline Id
id_of_text(struct varlena *text)
{
	return (Id) {.text = VARDATA_ANY(text), .length = VARSIZE_ANY_EXHDR(text)};
}

#endif							/* RECSYS_RATINGS_IDS_H */
