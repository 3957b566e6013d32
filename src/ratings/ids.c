/*
 * ids.c
 *		The ids of users or items in order, and their dense indexes.
 *
 * Ids are sorted, so an id is found by bisection, and its place is its dense
 * index.  Ids made of others (select, unite) are in the current memory context.
 * What gathers ids from rows is ids_builder.c.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "port.h"
#include "utils/builtins.h"

#include "ratings/ids.h"
#include "resources/budget.h"

/*
 * Make room for ids of one kind, so many of them with so many bytes of text,
 * in the current memory context.
 */
static void
ids_allocate(Ids *ids, bool integer, Size count, Size bytes)
{
	memset(ids, 0, sizeof(*ids));
	ids->integer = integer;
	if (integer)
	{
		ids->numbers = allocate_array(count, sizeof(int64));
		return;
	}
	ids->offset = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * (count + 1));
	ids->offset[0] = 0;
	ids->bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(bytes, 1));
}

/* Add an id at the end; there must be room for it. */
void
ids_append(Ids *ids, Id id)
{
	if (ids->integer)
		ids->numbers[ids->count] = id.number;
	else
	{
		memcpy(ids->bytes + ids->offset[ids->count], id.text, id.length);
		ids->offset[ids->count + 1] = ids->offset[ids->count] + id.length;
	}
	ids->count++;
}

/*
 * Copy the ids at the given places, in that order, to new memory in the
 * current context.
 */
void
ids_copy_ordered(const Ids *from, const int32 *order, int32 count, Ids *to)
{
	ids_allocate(to, from->integer, count, from->integer ? 0 : from->offset[from->count]);
	for (int32 i = 0; i < count; i++)
		ids_append(to, ids_get(from, order[i]));
}

/*
 * Copy some of the ids, in their order: index[i] is the new index of id i, or
 * -1 if it is left out; count is the number of those that stay.
 */
void
ids_select(const Ids *from, const int32 *index, int32 count, Ids *to)
{
	int32	   *place = allocate_array(count, sizeof(int32));

	for (int32 i = 0; i < from->count; i++)
		if (index[i] >= 0)
			place[index[i]] = i;
	ids_copy_ordered(from, place, count, to);
	pfree(place);
	check_ids(to);
}

/*
 * All ids of two lists of the same kind, in order, in the current memory
 * context. index_a[i] becomes the place among them of a's id i, and index_b
 * likewise.  Error: they are more than an int32 can count.
 */
void
ids_unite(const Ids *a, const Ids *b, Ids *both, int32 *index_a, int32 *index_b)
{
	int32		i = 0;
	int32		j = 0;

	if ((int64) a->count + b->count > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct ids")));
	check_ids(a);
	check_ids(b);
	ids_allocate(both, b->integer, (Size) a->count + b->count,
				 b->integer ? 0 : a->offset[a->count] + b->offset[b->count]);
	while (i < a->count || j < b->count)
	{
		int			order = i == a->count ? 1 : j == b->count ? -1 :
			id_compare(ids_get(a, i), ids_get(b, j));
		int32		place = both->count;

		ids_append(both, order <= 0 ? ids_get(a, i) : ids_get(b, j));
		if (order <= 0)
			index_a[i++] = place;
		if (order >= 0)
			index_b[j++] = place;
	}
	check_ids(both);
}

/* The id with a dense index; its text stays the list's. */
Id
ids_get(const Ids *ids, int32 index)
{
	Id			id = {.integer = ids->integer};

	if (ids->integer)
		id.number = ids->numbers[index];
	else
	{
		id.text = ids->bytes + ids->offset[index];
		id.length = (int) (ids->offset[index + 1] - ids->offset[index]);
	}
	return id;
}

/* Order of two ids of the same kind: by value, or by bytes. */
int
id_compare(Id a, Id b)
{
	int			result;

	if (a.integer)
		return (a.number > b.number) - (a.number < b.number);
	result = memcmp(a.text, b.text, Min(a.length, b.length));
	return result != 0 ? result : (a.length > b.length) - (a.length < b.length);
}

/*
 * The integer that a text is, if it is written as integers are.  False: it is
 * none.
 */
static bool
parse_integer(Id text, int64 *number)
{
	char		given[ID_TEXT_BYTES];
	char		written[ID_TEXT_BYTES];

	if (text.length >= ID_TEXT_BYTES)
		return false;
	memcpy(given, text.text, text.length);
	given[text.length] = '\0';
	*number = strtoi64(given, NULL, 10);
	pg_lltoa(*number, written);
	return strcmp(given, written) == 0;
}

/*
 * Change an id to the other kind if needed: integer to text, which is then in
 * "space" [ID_TEXT_BYTES], or text to the integer that it is.  False: a text
 * is not an integer.
 */
bool
id_convert(Id *id, bool integer, char *space)
{
	if (id->integer == integer)
		return true;
	if (integer)
	{
		if (!parse_integer(*id, &id->number))
			return false;
	}
	else
	{
		id->length = pg_lltoa(id->number, space);
		id->text = space;
	}
	id->integer = integer;
	return true;
}

/* The dense index of an id of either kind, or -1.  By bisection. */
int32
ids_find(const Ids *ids, Id id)
{
	char		space[ID_TEXT_BYTES];
	int32		low = 0;
	int32		high = ids->count;

	if (!id_convert(&id, ids->integer, space))
		return -1;
	while (low < high)
	{
		int32		middle = low + (high - low) / 2;
		int			order = id_compare(ids_get(ids, middle), id);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

/* The index in another list of each id of a list, or -1.  Palloc'd. */
int32 *
ids_places(const Ids *ids, const Ids *there)
{
	int32	   *place = allocate_array(ids->count, sizeof(int32));

	for (int32 i = 0; i < ids->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		place[i] = ids_find(there, ids_get(ids, i));
	}
	return place;
}

/* An id whose text is palloc'd. */
Id
id_copy(Id id)
{
	if (!id.integer)
		id.text = pnstrdup(id.text, id.length);
	return id;
}

/* The text form of an id, palloc'd. */
char *
id_to_cstring(Id id)
{
	if (id.integer)
		return psprintf(INT64_FORMAT, id.number);
	return pnstrdup(id.text, id.length);
}

#ifdef USE_ASSERT_CHECKING
/* The invariants of ids: in order, none twice, text one after the other. */
void
check_ids(const Ids *ids)
{
	Assert(ids->count >= 0);
	Assert(ids->integer || ids->offset[0] == 0);
	for (int32 i = 0; i < ids->count; i++)
	{
		Assert(ids->integer || ids->offset[i] <= ids->offset[i + 1]);
		Assert(i == 0 || id_compare(ids_get(ids, i - 1), ids_get(ids, i)) < 0);
		if (i % 100000 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}
#endif
