/*
 * json.h
 *		Reading and writing the JSON documents of a model.
 */
#ifndef RECSYS_MODEL_JSON_H
#define RECSYS_MODEL_JSON_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

extern void json_start(StringInfo json);
extern void json_append_number(StringInfo json, double value);
extern void json_add_string(StringInfo json, const char *key, const char *value);
extern void json_add_number(StringInfo json, const char *key, double value);
extern void json_add_integer(StringInfo json, const char *key, int64 value);
extern void json_add_bool(StringInfo json, const char *key, bool value);
extern void json_add_raw(StringInfo json, const char *key, const char *value);
extern Jsonb *json_finish(StringInfo json);

extern bool json_get(const Jsonb *object, const char *key, JsonbValue *value);
extern char *json_get_string(const Jsonb *object, const char *key);
extern double json_get_number(const Jsonb *object, const char *key);
extern bool json_get_bool(const Jsonb *object, const char *key);
extern Jsonb *json_get_container(const Jsonb *object, const char *key);
extern Jsonb *json_from_cstring(const char *text);
extern char *json_to_cstring(const Jsonb *json);
extern double json_value_number(const JsonbValue *value);
extern const char *json_value_in_words(const JsonbValue *value);

#endif							/* RECSYS_MODEL_JSON_H */
