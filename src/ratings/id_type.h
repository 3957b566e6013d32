/*
 * id_type.h
 *		Which SQL types ids may be of.
 */
#ifndef RECSYS_RATINGS_ID_TYPE_H
#define RECSYS_RATINGS_ID_TYPE_H

#include "postgres.h"

extern bool id_type_is_integer(Oid type);
extern const char *id_type_problem(Oid type, Oid collation);
extern const char *id_argument_problem(Oid type);
extern char *id_type_name(Oid type);

#endif							/* RECSYS_RATINGS_ID_TYPE_H */
