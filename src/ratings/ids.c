/*
 * ids.c
 *		The ids of users or items, and their dense indexes.
 *
 * While rows are read, a hash table gives each new id the next number.  When
 * all are known they are sorted, and the provisional numbers translated: dense
 * indexes depend on the set of ids alone, not on the order of the rows.
 *
 * Integers are mostly serial numbers.  Those that are not much larger than there
 * are ids are looked up by their position in an array, which is a fraction of
 * the size of the hash table, and so more often in the CPU's caches.
 */
#include "postgres.h"
#include "compat.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port.h"
#include "utils/builtins.h"

#include "ratings/ids.h"

typedef struct IdEntry
{
	uint32		hash;
	int32		index;			/* provisional number */
	char		status;
} IdEntry;

/* The ids in order of appearance: the same shape as Ids, with spare room. */
struct IdsBuilder
{
	Ids			ids;
	int32		capacity;
	Size		bytes_capacity;
	Id			probe;			/* the id being looked up */
	struct idhash_hash *hash;
	int32	   *direct;			/* [direct_size] indexes of the integers from 0 on, -1: new */
	int64		direct_size;
};

/* The array has at most so many places for each id, or so many in all. */
#define DIRECT_PER_ID 4
#define DIRECT_LEAST 65536

static bool id_matches_probe(const IdsBuilder *builder, int32 index);

/*
 * The key of an entry is its provisional number; the one being looked up is
 * PROBE, which stands for builder->probe.
 */
#define PROBE (-1)

#define SH_PREFIX idhash
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE int32
#define SH_KEY index
#define SH_HASH_KEY(tb, key) id_hash(((IdsBuilder *) (tb)->private_data)->probe)
#define SH_EQUAL(tb, a, b) \
	id_matches_probe((const IdsBuilder *) (tb)->private_data, a)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE

static inline uint32
id_hash(Id id)
{
	if (id.integer)
		return murmurhash32((uint32) id.number ^
							murmurhash32((uint32) ((uint64) id.number >> 32)));
	return hash_bytes((const unsigned char *) id.text, id.length);
}

#include "lib/simplehash.h"

static bool
id_matches_probe(const IdsBuilder *builder, int32 index)
{
	return id_compare(ids_get(&builder->ids, index), builder->probe) == 0;
}

/* An empty builder in the current memory context. */
IdsBuilder *
ids_builder_create(bool integer)
{
	IdsBuilder *builder = palloc0(sizeof(IdsBuilder));

	builder->capacity = 1024;
	builder->ids.integer = integer;
	if (integer)
		builder->ids.numbers = palloc(sizeof(int64) * builder->capacity);
	else
	{
		builder->bytes_capacity = 16 * builder->capacity;
		builder->ids.offset = palloc(sizeof(int64) * (builder->capacity + 1));
		builder->ids.offset[0] = 0;
		builder->ids.bytes = palloc(builder->bytes_capacity);
	}
	builder->hash = idhash_create(CurrentMemoryContext, builder->capacity, builder);
	return builder;
}

/* Room for one more id, and for "length" more bytes of text. */
static void
ids_builder_reserve(IdsBuilder *builder, int length)
{
	Ids		   *ids = &builder->ids;

	if (ids->count == builder->capacity)
	{
		if (builder->capacity > PG_INT32_MAX / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many distinct ids")));
		builder->capacity *= 2;
		if (ids->integer)
			ids->numbers = repalloc_huge(ids->numbers,
										 sizeof(int64) * (Size) builder->capacity);
		else
			ids->offset = repalloc_huge(ids->offset,
										sizeof(int64) * ((Size) builder->capacity + 1));
	}
	if (!ids->integer)
	{
		while (ids->offset[ids->count] + length > builder->bytes_capacity)
		{
			builder->bytes_capacity *= 2;
			ids->bytes = repalloc_huge(ids->bytes, builder->bytes_capacity);
		}
	}
}

static void
ids_builder_append(IdsBuilder *builder, Id id)
{
	Ids		   *ids = &builder->ids;

	ids_builder_reserve(builder, id.integer ? 0 : id.length);
	if (ids->integer)
		ids->numbers[ids->count] = id.number;
	else
	{
		memcpy(ids->bytes + ids->offset[ids->count], id.text, id.length);
		ids->offset[ids->count + 1] = ids->offset[ids->count] + id.length;
	}
	ids->count++;
}

/* May an integer that is beyond the array be covered by it? */
static bool
is_near(const IdsBuilder *builder, int64 number)
{
	return number >= 0 &&
		number < Max(DIRECT_LEAST, DIRECT_PER_ID * (int64) builder->ids.count);
}

/* Make the array cover an integer, with all ids that it then covers. */
static void
extend_direct(IdsBuilder *builder, int64 number)
{
	int64		size = Max(builder->direct_size, 1024);

	while (size <= number)
		size *= 2;
	if (builder->direct != NULL)
		pfree(builder->direct);
	builder->direct = MemoryContextAllocHuge(GetMemoryChunkContext(builder),
											 sizeof(int32) * size);
	builder->direct_size = size;
	memset(builder->direct, -1, sizeof(int32) * size);
	for (int32 i = 0; i < builder->ids.count; i++)
		if (builder->ids.numbers[i] >= 0 && builder->ids.numbers[i] < size)
			builder->direct[builder->ids.numbers[i]] = i;
}

/* The provisional number of an integer by the array. */
static int32
add_direct(IdsBuilder *builder, Id id)
{
	int32	   *index = &builder->direct[id.number];

	if (*index < 0)
	{
		*index = builder->ids.count;
		ids_builder_append(builder, id);
	}
	return *index;
}

/* The provisional number of "id", which is added if it is new. */
int32
ids_builder_add(IdsBuilder *builder, Id id)
{
	uint32		hash;
	bool		found;
	IdEntry    *entry;

	if (id.integer && (uint64) id.number < (uint64) builder->direct_size)
		return add_direct(builder, id);
	if (id.integer && is_near(builder, id.number))
	{
		extend_direct(builder, id.number);
		return add_direct(builder, id);
	}
	hash = id_hash(id);
	builder->probe = id;
	entry = idhash_insert_hash(builder->hash, PROBE, hash, &found);
	if (!found)
	{
		entry->index = builder->ids.count;
		ids_builder_append(builder, id);
	}
	return entry->index;
}

/* How many distinct ids there are so far. */
int32
ids_builder_count(const IdsBuilder *builder)
{
	return builder->ids.count;
}

/* The ids so far, by their numbers; valid until the next is added. */
const Ids *
ids_builder_ids(const IdsBuilder *builder)
{
	return &builder->ids;
}

/* Bytes of the text of the ids so far. */
Size
ids_builder_text(const IdsBuilder *builder)
{
	return builder->ids.integer ? 0 : builder->ids.offset[builder->ids.count];
}

/* Bytes held by the builder. */
Size
ids_builder_bytes(const IdsBuilder *builder)
{
	return builder->hash->size * sizeof(IdEntry) + builder->direct_size * sizeof(int32) +
		(Size) builder->capacity * sizeof(int64) + builder->bytes_capacity;
}

static int
compare_positions(const void *a, const void *b, void *arg)
{
	const Ids  *ids = arg;

	return id_compare(ids_get(ids, *(const int32 *) a),
					  ids_get(ids, *(const int32 *) b));
}

/* Room for ids of one kind, so many of them with so many bytes of text. */
static void
ids_allocate(Ids *ids, bool integer, Size count, Size bytes)
{
	memset(ids, 0, sizeof(*ids));
	ids->integer = integer;
	if (integer)
	{
		ids->numbers = MemoryContextAllocHuge(CurrentMemoryContext,
											  sizeof(int64) * Max(count, 1));
		return;
	}
	ids->offset = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * (count + 1));
	ids->offset[0] = 0;
	ids->bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(bytes, 1));
}

/* Add an id, for which there is room. */
static void
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

/* The ids at the given places, in that order. */
static void
ids_copy_ordered(const Ids *from, const int32 *order, int32 count, Ids *to)
{
	ids_allocate(to, from->integer, count, from->integer ? 0 : from->offset[from->count]);
	for (int32 i = 0; i < count; i++)
		ids_append(to, ids_get(from, order[i]));
}

/*
 * End of building: fill "ids" with the ids in order, and return for each
 * provisional number its dense index.  Both are in the current memory context.
 * The builder is freed.
 */
int32 *
ids_builder_finish(IdsBuilder *builder, Ids *ids)
{
	Size		size = sizeof(int32) * Max(builder->ids.count, 1);
	int32	   *order = MemoryContextAllocHuge(CurrentMemoryContext, size);
	int32	   *rank = MemoryContextAllocHuge(CurrentMemoryContext, size);

	idhash_destroy(builder->hash);
	if (builder->direct != NULL)
		pfree(builder->direct);
	for (int32 i = 0; i < builder->ids.count; i++)
		order[i] = i;
	qsort_interruptible(order, builder->ids.count, sizeof(int32),
						compare_positions, &builder->ids);
	for (int32 i = 0; i < builder->ids.count; i++)
		rank[order[i]] = i;
	ids_copy_ordered(&builder->ids, order, builder->ids.count, ids);
	pfree(order);
	if (builder->ids.integer)
		pfree(builder->ids.numbers);
	else
	{
		pfree(builder->ids.offset);
		pfree(builder->ids.bytes);
	}
	pfree(builder);
	return rank;
}

/*
 * Some of the ids, in their order, in the current memory context: index[i] is
 * the new index of id i, or -1; count is the number of the others.
 */
void
ids_select(const Ids *from, const int32 *index, int32 count, Ids *to)
{
	int32	   *place = MemoryContextAllocHuge(CurrentMemoryContext,
											   sizeof(int32) * Max(count, 1));

	for (int32 i = 0; i < from->count; i++)
		if (index[i] >= 0)
			place[index[i]] = i;
	ids_copy_ordered(from, place, count, to);
	pfree(place);
}

/*
 * All ids of two lists of the same kind, in order, in the current memory
 * context.  index_a[i] becomes the place of a's id i among them, and so for b.
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
}

/* The id with a dense index. */
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

/* The integer that a text is as integers are written; false: it is none. */
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
 * Give an id the other form if need be: that of integer ids, or of text ids,
 * which then is in "space" [ID_TEXT_BYTES].  An integer is the id that its text
 * is.  Returns false if a text is that of no integer.
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

/* The dense index of an id, or -1. */
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

/* Where the ids of one list are in another, or -1 each.  Palloc'd. */
int32 *
ids_places(const Ids *ids, const Ids *there)
{
	int32	   *place = MemoryContextAllocHuge(CurrentMemoryContext,
											   sizeof(int32) * (Size) Max(ids->count, 1));

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
