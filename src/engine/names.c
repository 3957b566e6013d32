/*
 * names.c
 *		Names that are given by users, out of some that are known.
 *
 * A list of names is an array that ends with NULL.  A name that is not in it
 * is an error, whose hint has the known name that is nearest.
 */
#include "postgres.h"
#include "compat.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/formatting.h"
#include "utils/varlena.h"

#include "engine/names.h"

/*
 * The name that a misspelt one may have meant, whatever the case; NULL: it is like
 * none of them.
 */
const char *
nearest_name(const char *given, const char *const *names)
{
	const char *nearest = NULL;
	int			length = pg_mbcliplen(given, strlen(given), 255);
	const char *name = asc_tolower(given, length);
	int			least = length / 2 + 2;

	for (int i = 0; names[i] != NULL; i++)
	{
		int			distance = varstr_levenshtein(name, length, names[i], strlen(names[i]),
												  1, 1, 1, true);

		if (distance < least)
		{
			least = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

/* The part of a hint that says what a misspelt name may have meant, or "". */
char *
suggestion(const char *name, const char *const *names)
{
	const char *nearest = nearest_name(name, names);

	return nearest != NULL ? psprintf("Perhaps you meant \"%s\".  ", nearest) : "";
}

/* The names as a list for people.  Palloc'd. */
char *
list_names(const char *const *names)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; names[i] != NULL; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", names[i]);
	return list.data;
}

/*
 * The position of a name in a list of names.  Error, with the nearest: it is
 * not there.  "what" names the option or argument.
 */
int
enum_parse(const char *what, const char *name, const char *const *values)
{
	const char *nearest;

	for (int i = 0; values[i] != NULL; i++)
		if (strcmp(values[i], name) == 0)
			return i;
	nearest = nearest_name(name, values);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for \"%s\": \"%s\"", what, name),
			 errdetail("It can be one of %s.", list_names(values)),
			 nearest != NULL ? errhint("Perhaps you meant \"%s\".", nearest) : 0));
	return -1;
}
