/*
 * id_datum.h
 *		Ids from and to values of SQL types.
 */
#ifndef RECSYS_RATINGS_ID_DATUM_H
#define RECSYS_RATINGS_ID_DATUM_H

#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"

#include "ratings/ids.h"

/* How the id in a value is found. */
typedef enum IdForm
{
	ID_FORM_INTEGER,			/* it is the value */
	ID_FORM_TEXT,				/* it is the bytes of the value */
	ID_FORM_LITERAL,			/* the value is a C string */
	ID_FORM_CONVERTED			/* a function makes text of the value */
} IdForm;

struct IdConverter;

/* The text of a value, as a string. */
typedef char *(*IdText) (struct IdConverter *converter, Datum value);

/* Converts ids of one SQL type; lives in memory that outlasts its use. */
typedef struct IdConverter
{
	Oid			type;			/* with domains looked through */
	IdForm		form;
	IdText		to_text;
	FmgrInfo	output;			/* what to_text calls, if that is the type's */
	int			arguments;		/* of output, where it is a cast */
	Oid			collation;
	FmgrInfo	input;
	Oid			input_param;
} IdConverter;

extern void id_converter_init(IdConverter *converter, Oid type, MemoryContext context);
extern Id	id_from_datum(IdConverter *converter, Datum value);
extern Datum id_to_datum(IdConverter *converter, Id id);

/* The id in a value that needs no conversion: of an integer type, text or varchar. */
static inline Id
id_of_value(Oid type, Datum value)
{
	switch (type)
	{
		case INT2OID:
			return id_of_integer(DatumGetInt16(value));
		case INT4OID:
			return id_of_integer(DatumGetInt32(value));
		case INT8OID:
			return id_of_integer(DatumGetInt64(value));
		default:
			return id_of_text(PG_DETOAST_DATUM_PACKED(value));
	}
}

#endif							/* RECSYS_RATINGS_ID_DATUM_H */
