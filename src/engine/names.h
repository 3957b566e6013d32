/*
 * names.h
 *		Names that are given by users, out of some that are known.
 */
#ifndef RECSYS_ENGINE_NAMES_H
#define RECSYS_ENGINE_NAMES_H

#include "postgres.h"

extern int	enum_parse(const char *what, const char *name, const char *const *values);
extern const char *nearest_name(const char *given, const char *const *names);
extern char *suggestion(const char *name, const char *const *names);
extern char *list_names(const char *const *names);

#endif							/* RECSYS_ENGINE_NAMES_H */
