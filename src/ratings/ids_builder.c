/*
 * ids_builder.c
 *		Gathering the ids of users or items from rows.
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

#include "ratings/ids_builder.h"

/* An id in the hash table. */
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

/* The hash of an id, by value or by bytes. */
static inline uint32
id_hash(Id id)
{
	if (id.integer)
		return murmurhash32((uint32) id.number ^
							murmurhash32((uint32) ((uint64) id.number >> 32)));
	return hash_bytes((const unsigned char *) id.text, id.length);
}

#include "lib/simplehash.h"

/* Is the id with a provisional number the one being looked up? */
static bool
id_matches_probe(const IdsBuilder *builder, int32 index)
{
	return id_compare(ids_get(&builder->ids, index), builder->probe) == 0;
}

/*
 * An empty builder in the current memory context; are the ids integers, or
 * else text?
 */
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

/*
 * Make room for one more id, and for "length" more bytes of text.  Error:
 * there are more ids than an int32 can count.
 */
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

/* Add an id that is new, with the next number. */
static void
ids_builder_append(IdsBuilder *builder, Id id)
{
	ids_builder_reserve(builder, id.integer ? 0 : id.length);
	ids_append(&builder->ids, id);
}

/*
 * Is an integer beyond the array small enough for the array to be extended to
 * it?
 */
static bool
is_near(const IdsBuilder *builder, int64 number)
{
	return number >= 0 &&
		number < Max(DIRECT_LEAST, DIRECT_PER_ID * (int64) builder->ids.count);
}

/*
 * Make the array long enough for an integer, and enter all ids that it then
 * covers.
 */
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

/*
 * The provisional number of an integer that the array covers; it is added if
 * it is new.
 */
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

/*
 * The provisional number of an id, which is added if it is new.  Its text is
 * copied.
 */
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

/*
 * The ids so far, by their numbers, not in order; valid until the next is
 * added.
 */
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

/* Order of two ids by their provisional numbers, for qsort. */
static int
compare_positions(const void *a, const void *b, void *arg)
{
	const Ids  *ids = arg;

	return id_compare(ids_get(ids, *(const int32 *) a),
					  ids_get(ids, *(const int32 *) b));
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
	check_ids(ids);
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
