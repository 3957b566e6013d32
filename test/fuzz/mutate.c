/*
 * mutate.c
 *		Damages a model: blindly, as a bad disk would, or as somebody would who
 *		knows the format, and makes the checksums and the manifest agree.
 *
 * A case changes one to three things: a byte, a number, a field of a block's
 * header or of a line of the manifest, a token of the header's JSON, the length
 * of a value, or which row is where.  Numbers are replaced by those at which
 * code goes wrong: zero, one more, the ends of every type, not a number.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"
#include "port/pg_crc32c.h"
#include "utils/builtins.h"

#include "fuzz.h"
#include "model/encode.h"
#include "model/json.h"

/* As in format.c. */
#define HEADER_BYTES 32
#define CRC_AT 28
#define HEADER_FIELDS 6			/* words from byte 4 on, before the checksum */

static const uint32 words[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 28, 32, 63, 64, 100, 255, 256, 257, 1000, 65535, 65536,
	1000000, 100000000, 0x0fffffff, 0x10000000, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000,
	0xfffffffe, 0xffffffff,
	/* as single precision: the smallest, 1, -1, 1e30, 1e38, the largest, infinite, not a number */
	0x00000001, 0x3f800000, 0xbf800000, 0x7149f2ca, 0x7e967699, 0x7f7fffff, 0xff7fffff, 0x7f800000,
	0xff800000, 0x7fc00000
};

static const char *const values[] = {
	"0", "1", "-1", "2", "3", "7", "0.5", "1e-300", "1e38", "1e39", "-1e38", "1e300", "1e400", "100",
	"100000", "100000000", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "null",
	"true", "false", "[]", "{}", "[1]", "[[], {}]", "[1, 1, 1]", "[true, true, true]"
};

static const char *const strings[] = {
	"\"x\"", "\"\"", "\"factor\"", "\"random\"", "\"item_neighbor\"", "\"user_neighbor\"",
	"\"item_weights\"", "\"deviation\"", "\"cluster\"", "\"popularity\"", "\"content\"", "\"blend\"",
	"\"none\"", "\"rank\"", "\"standard\"", "\"sum\"", "\"average\"", "\"zscore\"", "\"centered\"",
	"\"baseline\"", "\"dot\"", "\"lift\"", "\"pearson\"", "\"msd\"", "\"tfidf\"", "\"bm25\"", "\"ridge\"",
	"\"descent\"", "\"weighted\"", "\"logistic\"", "\"ranking\"", "\"components\"", "\"params\"",
	"\"users\"", "\"items\"", "\"k\"", "\"min_k\"", "\"offset\"", "\"unknown\"", "\"fold_in\""
};

static uint32
draw(RandomStream *stream, uint32 below)
{
	return (uint32) random_below(stream, below);
}

static uint32
draw_word(RandomStream *stream)
{
	return words[draw(stream, lengthof(words))];
}

static Size
length_of(const bytea *data)
{
	return VARSIZE(data) - VARHDRSZ;
}

/* A word of a value, 0 where it has ended. */
static uint32
get_word(const bytea *data, Size at)
{
	uint32		word = 0;

	if (at + sizeof(word) <= length_of(data))
		memcpy(&word, VARDATA(data) + at, sizeof(word));
	return word;
}

static void
put_word(bytea *data, Size at, uint32 word)
{
	if (at + sizeof(word) <= length_of(data))
		memcpy(VARDATA(data) + at, &word, sizeof(word));
}

/* A copy of a value, of another length. */
static bytea *
resized(const bytea *data, Size length)
{
	bytea	   *copy = palloc0(VARHDRSZ + length);

	SET_VARSIZE(copy, VARHDRSZ + length);
	memcpy(VARDATA(copy), VARDATA(data), Min(length, length_of(data)));
	return copy;
}

static FuzzBlob *
draw_blob(FuzzModel *model, RandomStream *stream)
{
	return &model->blob[draw(stream, model->blobs)];
}

/* Change a value somewhere. */
static void
change_value(FuzzBlob *blob, RandomStream *stream)
{
	Size		length = length_of(blob->data);
	Size		at = draw(stream, Max(length, 1));
	Size		most = draw(stream, 16);
	bytea	   *data = resized(blob->data, length);

	blob->data = data;
	if (length == 0)
		return;
	switch (draw(stream, 5))
	{
		case 0:
			VARDATA(data)[at] ^= 1 << draw(stream, 8);
			break;
		case 1:
			VARDATA(data)[at] = (char) draw(stream, 256);
			break;
		case 2:
			put_word(data, at & ~3, draw_word(stream));
			break;
		case 3:
			put_word(data, at & ~3, get_word(data, at & ~3) + (draw(stream, 2) == 0 ? 1 : -1));
			break;
		case 4:
			memset(VARDATA(data) + at, (int) draw(stream, 256), Min(length - at, most));
	}
}

/* Give a value another length. */
static void
change_length(FuzzBlob *blob, RandomStream *stream)
{
	Size		length = length_of(blob->data);

	switch (draw(stream, 4))
	{
		case 0:
			blob->data = resized(blob->data, draw(stream, length + 1));
			break;
		case 1:
			blob->data = resized(blob->data, length + 1 + draw(stream, 8));
			break;
		case 2:
			blob->data = resized(blob->data, length >= 4 ? length - 4 : 0);
			break;
		case 3:
			blob->data = resized(blob->data, Min(length, HEADER_BYTES));
	}
}

/* Put another row in the place of one, or take it away. */
static void
change_row(FuzzModel *model, const FuzzModel *other, FuzzBlob *blob, RandomStream *stream)
{
	const FuzzBlob *from;

	switch (draw(stream, 3))
	{
		case 0:
			blob->data = NULL;
			break;
		case 1:
			from = draw_blob(model, stream);
			blob->data = from->data;
			break;
		case 2:
			from = &other->blob[draw(stream, other->blobs)];
			blob->data = from->data;
	}
}

/* From a character of JSON that begins a value or key, to the one behind it. */
static const char *
end_of_token(const char *at)
{
	int			depth = 0;
	bool		quoted = *at == '"';

	if (!quoted && *at != '[' && *at != '{')
		return at + strcspn(at, ",]} ");
	do
	{
		if (*at == '"')
		{
			for (at++; *at != '"'; at++)
				if (*at == '\\')
					at++;
		}
		else
			depth += (*at == '[' || *at == '{') - (*at == ']' || *at == '}');
		at++;
	} while (depth > 0 && *at != '\0');
	return at;
}

/* Does a value or a key begin here? */
static bool
begins_token(const char *json, const char *at)
{
	return at > json && strchr(" [{", at[-1]) != NULL && strchr(" ]}", *at) == NULL;
}

static const char *
draw_token(const char *json, RandomStream *stream)
{
	Size		length = strlen(json);

	for (int i = 0; i < 1000; i++)
	{
		const char *at = json + 1 + draw(stream, length - 1);

		while (at > json && !begins_token(json, at))
			at--;
		if (at > json)
			return at;
	}
	return NULL;
}

static void
set_meta(FuzzModel *model, const char *text)
{
	model->meta_text = text;
	model->meta = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

static void
replace_token(FuzzModel *model, const char *at, const char *by)
{
	const char *end = end_of_token(at);

	set_meta(model, psprintf("%.*s%s%s", (int) (at - model->meta_text), model->meta_text, by, end));
}

/* Change a value or a key of the header. */
static void
change_meta(FuzzModel *model, RandomStream *stream)
{
	const char *at = draw_token(model->meta_text, stream);
	bool		key;

	if (at == NULL)
		return;
	key = *at == '"' && *end_of_token(at) == ':';
	replace_token(model, at, key || draw(stream, 3) == 0 ? strings[draw(stream, lengthof(strings))] :
				  values[draw(stream, lengthof(values))]);
}

/* Damage a model without minding checksums. */
void
damage_blindly(FuzzModel *model, const FuzzModel *other, RandomStream *stream)
{
	for (int left = 1 + draw(stream, 3); left > 0; left--)
	{
		FuzzBlob   *blob = draw_blob(model, stream);

		if (blob->data == NULL)
			continue;
		switch (draw(stream, 8))
		{
			case 0:
				change_row(model, other, blob, stream);
				break;
			case 1:
				change_length(blob, stream);
				break;
			case 2:
				change_meta(model, stream);
				break;
			default:
				change_value(blob, stream);
		}
	}
}

/* Make the checksum of a block right. */
static void
seal(bytea *data)
{
	pg_crc32c	crc;

	if (length_of(data) < HEADER_BYTES)
		return;
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, VARDATA(data), CRC_AT);
	COMP_CRC32C(crc, VARDATA(data) + HEADER_BYTES, length_of(data) - HEADER_BYTES);
	FIN_CRC32C(crc);
	put_word(data, CRC_AT, crc);
}

static int
lines_of(const bytea *manifest)
{
	return length_of(manifest) < HEADER_BYTES ? 0 :
		(int) ((length_of(manifest) - HEADER_BYTES) / sizeof(ManifestEntry));
}

static ManifestEntry *
line_of(bytea *manifest, int line)
{
	return (ManifestEntry *) (VARDATA(manifest) + HEADER_BYTES) + line;
}

/* Have the line of a block in the manifest say what its header says. */
static void
agree(bytea *manifest, const FuzzBlob *blob)
{
	if (blob->data == NULL || length_of(blob->data) < HEADER_BYTES)
		return;
	for (int i = 1; i < lines_of(manifest); i++)
	{
		ManifestEntry *line = line_of(manifest, i);

		if (line->part != blob->part || line->block != blob->block)
			continue;
		line->type = (uint8) VARDATA(blob->data)[7];
		line->rows = get_word(blob->data, 16);
		line->cols = get_word(blob->data, 20);
		line->crc = get_word(blob->data, CRC_AT);
	}
}

/* Fill the numbers of a block from somewhere on with the same one, or with two in turn. */
static void
fill(FuzzBlob *blob, RandomStream *stream)
{
	Size		length = length_of(blob->data);
	uint32		pattern[2] = {draw_word(stream), draw_word(stream)};

	blob->data = resized(blob->data, length);
	if (draw(stream, 2) == 0)
		pattern[1] = pattern[0];
	for (Size at = HEADER_BYTES + 4 * draw(stream, length / 8 + 1); at + 4 <= length; at += 4)
		put_word(blob->data, at, pattern[at / 4 % 2]);
}

static void
change_header(FuzzBlob *blob, RandomStream *stream)
{
	Size		at = 4 + 4 * draw(stream, HEADER_FIELDS);

	if (length_of(blob->data) < HEADER_BYTES)
		return;
	blob->data = resized(blob->data, length_of(blob->data));
	if (at == 4)
		VARDATA(blob->data)[7] = (char) draw(stream, 7);
	else
		put_word(blob->data, at, draw(stream, 2) == 0 ? draw_word(stream) :
				 get_word(blob->data, at) + 1 - 2 * draw(stream, 2));
}

/* Change a line of the manifest, or how many it has. */
static void
change_manifest(FuzzModel *model, RandomStream *stream)
{
	bytea	   *manifest = model->blob[0].data;
	int			lines = lines_of(manifest);
	Size		at = HEADER_BYTES + 4 * draw(stream, Max(lines * (int) MANIFEST_COLUMNS, 1));

	if (length_of(manifest) < HEADER_BYTES)
		return;
	switch (draw(stream, 4))
	{
		case 0:
			manifest = resized(manifest, length_of(manifest) + sizeof(ManifestEntry));
			*line_of(manifest, lines) = *line_of(manifest, draw(stream, Max(lines, 1)));
			put_word(manifest, 16, lines + 1);
			break;
		case 1:
			manifest = resized(manifest, length_of(manifest) - (lines > 0 ? sizeof(ManifestEntry) : 0));
			put_word(manifest, 16, Max(lines, 1) - 1);
			break;
		default:
			manifest = resized(manifest, length_of(manifest));
			put_word(manifest, at, draw_word(stream));
	}
	model->blob[0].data = manifest;
}

/* Have the headers of the blocks claim another number. */
static void
claim_in_blocks(FuzzModel *model, uint32 before, uint32 count)
{
	for (int b = 1; b < model->blobs; b++)
	{
		FuzzBlob   *blob = &model->blob[b];

		if (blob->data == NULL || length_of(blob->data) < HEADER_BYTES)
			continue;
		blob->data = resized(blob->data, length_of(blob->data));
		if (get_word(blob->data, 16) == before)
			put_word(blob->data, 16, count);
		if (get_word(blob->data, 20) == before)
			put_word(blob->data, 20, count);
	}
}

/* Claim another number of users, or of items, in the header, the manifest and the blocks. */
static void
claim_count(FuzzModel *model, RandomStream *stream)
{
	bool		users = draw(stream, 2) == 0;
	const char *member = strstr(model->meta_text, users ? "\"users\": " : "\"items\": ");
	uint32		before;
	uint32		count = draw_word(stream);
	bytea	   *manifest = resized(model->blob[0].data, length_of(model->blob[0].data));

	if (member == NULL)
		return;
	before = (uint32) strtoul(member + strlen("\"users\": "), NULL, 10);
	replace_token(model, member + strlen("\"users\": "), psprintf("%u", count));
	model->blob[0].data = manifest;
	for (int i = 1; i < lines_of(manifest); i++)
	{
		ManifestEntry *line = line_of(manifest, i);

		if (line->rows == before && draw(stream, 16) > 0)
			line->rows = count;
		if (line->cols == before && draw(stream, 16) > 0)
			line->cols = count;
	}
	if (draw(stream, 2) == 0)
		claim_in_blocks(model, before, count);
}

static void
forge_something(FuzzModel *model, const FuzzModel *other, RandomStream *stream)
{
	FuzzBlob   *blob = draw_blob(model, stream);

	if (blob->data == NULL)
		return;
	switch (draw(stream, 10))
	{
		case 0:
			change_manifest(model, stream);
			break;
		case 1:
			claim_count(model, stream);
			break;
		case 2:
		case 3:
			change_meta(model, stream);
			break;
		case 4:
			change_row(model, other, blob, stream);
			break;
		case 5:
			change_length(blob, stream);
			break;
		case 6:
			change_header(blob, stream);
			break;
		case 7:
			fill(blob, stream);
			break;
		default:
			change_value(blob, stream);
	}
}

/* Damage a model and make it consistent, as far as that goes. */
void
forge(FuzzModel *model, const FuzzModel *other, RandomStream *stream)
{
	bytea	   *manifest;
	char	   *text;

	for (int left = 1 + draw(stream, 3); left > 0; left--)
		if (model->blob[0].data != NULL)
			forge_something(model, other, stream);
	if (model->blob[0].data == NULL)
		return;
	manifest = model->blob[0].data = resized(model->blob[0].data, length_of(model->blob[0].data));
	for (int b = 1; b < model->blobs; b++)
		if (model->blob[b].data != NULL)
		{
			FuzzBlob   *blob = &model->blob[b];

			blob->data = resized(blob->data, length_of(blob->data));
			seal(blob->data);
			if (draw(stream, 32) > 0)
				agree(manifest, blob);
		}
	text = json_to_cstring(model->meta);
	if (lines_of(manifest) > 0)
		line_of(manifest, 0)->crc = bytes_crc(text, strlen(text));
	seal(manifest);
}
