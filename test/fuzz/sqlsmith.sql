-- Makes sqlsmith call the extension, which by itself it would hardly ever do: after
-- database.sql.
--
-- It takes functions from pg_proc, and finds it by the search path: a view of that
-- name shows it those of the extension and few others.  Of those it calls none that
-- returns a set, so there is a function around each.  What it gives an
-- argument is a column of the same type, or NULL: so the arguments have domains, and a
-- table has columns of these with values that make sense.  It sees the tables that
-- its role may read, and does not quote names.
SET client_min_messages = warning;
CREATE ROLE smith LOGIN;
CREATE SCHEMA smith;
SET search_path = smith, fuzz, recsys, pg_catalog;

CREATE DOMAIN model AS regclass;
CREATE DOMAIN source AS regclass;
CREATE DOMAIN algorithm AS text;
CREATE DOMAIN new_model AS text;
CREATE DOMAIN similarity AS text;
CREATE DOMAIN score AS text;
CREATE DOMAIN metric AS text;
CREATE DOMAIN list_metric AS text;
CREATE DOMAIN side AS text;
CREATE DOMAIN options AS jsonb;
CREATE DOMAIN split AS jsonb;
CREATE DOMAIN grid AS jsonb;
CREATE DOMAIN columns AS name;

-- The n-th of some values, over and over.
CREATE FUNCTION nth(n int, VARIADIC list text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT list[1 + n % cardinality(list)] $$;

CREATE TABLE argument AS
SELECT nth(n, VARIADIC ARRAY(SELECT oid::regclass::text FROM pg_class WHERE reloftype = 'recsys_model'::regtype))::regclass::model AS model,
	   nth(n, VARIADIC ARRAY(SELECT DISTINCT attrelid::regclass::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
							  WHERE attname = 'user_id' AND relnamespace = 'fuzz'::regnamespace
								AND relkind IN ('r', 'v', 'p', 'm') AND relname <> 'endless'))::regclass::source AS source,
	   nth(n, VARIADIC ARRAY(SELECT name FROM recsys_algorithms))::algorithm AS algorithm,
	   nth(n, 't1', 'fuzz.t2', 'pg_temp.t3', 'fuzz.m_als')::new_model AS new_model,
	   nth(n, 'cosine', 'pearson', 'msd', 'jaccard', 'adjusted_cosine', 'pearson_baseline', 'cosine_common', 'lift')::similarity AS similarity,
	   nth(n, 'weighted_mean', 'sum', 'average', 'centered', 'zscore', 'baseline')::score AS score,
	   nth(n, 'cosine', 'dot', 'euclidean', 'manhattan')::metric AS metric,
	   nth(n, 'rmse', 'mae', 'ndcg', 'recall@3', 'auc', 'coverage', 'diversity')::list_metric AS list_metric,
	   nth(n, 'user', 'item')::side AS side,
	   nth(n, '{}', '{}', '{"duplicates": "max"}', '{"clip": false}', '{"min_value": 2}', '{"factors": 2}', '{"seed": 1}')::jsonb::options AS options,
	   nth(n, '{}', '{"method": "leave_one_out"}', '{"method": "users"}', '{"method": "random", "sampled_negatives": 5}',
		   '{"method": "temporal", "time_col": "at"}', '{"method": "given", "test": "fuzz.empty"}')::jsonb::split AS split,
	   nth(n, '{}', '{"factors": [1, 2]}', '{"k": [1, 5]}', '{"seed": 1}')::jsonb::grid AS grid,
	   nth(n, 'user_id', 'item_id', 'rating', 'rating', 'at')::columns AS columns,
	   n % 30 AS id, 'user ' || n % 30 AS text_id, md5((n % 30)::text)::uuid AS uuid_id, n / 7.0::float8 AS number,
	   ARRAY[n, NULL, n % 7] AS list, ARRAY[n, NULL, n % 7]::float8[] AS series, n % 2 = 0 AS flag
  FROM generate_series(0, 200) n;

-- The domain of an argument, by its name and type; of an id, that of its variant.
CREATE FUNCTION domain_of(function text, argument text, type regtype, id text) RETURNS text LANGUAGE sql AS $$
SELECT CASE
	WHEN type IN ('anyelement'::regtype, '"any"'::regtype) THEN id
	WHEN type = 'anyarray'::regtype THEN id || '[]'
	WHEN type = 'regclass'::regtype AND argument = 'model' THEN 'smith.model'
	WHEN type = 'regclass'::regtype THEN 'smith.source'
	WHEN type = 'name'::regtype THEN 'smith.columns'
	WHEN argument = 'model' THEN 'smith.new_model'
	WHEN argument = 'metric' AND function ~ 'grid' THEN 'smith.list_metric'
	WHEN argument IN ('algorithm', 'similarity', 'score', 'metric', 'side', 'options', 'split', 'grid') THEN 'smith.' || argument
	ELSE type::text END
$$;

-- The n-th argument of a function around one: most of what sqlsmith gives is NULL, with
-- which most functions do nothing, so that stands for something else.
CREATE FUNCTION given(n bigint, argument text, domain text) RETURNS text LANGUAGE sql AS $$
SELECT CASE
	WHEN argument ~ '_col$' THEN format('coalesce($%s, %L)', n, replace(replace(argument, '_col', '_id'), 'rating_id', 'rating'))
	WHEN domain ~ '^smith' THEN format('coalesce($%s, (SELECT %I FROM smith.argument ORDER BY random() LIMIT 1))', n, substr(domain, 7))
	WHEN domain IN ('integer', 'int') THEN format('coalesce($%s, 3)', n)
	WHEN domain = 'text' THEN format('coalesce($%s, ''user 3'')', n)
	WHEN domain = 'uuid' THEN format('coalesce($%s, md5(''3'')::uuid)', n)
	WHEN domain = 'double precision' THEN format('coalesce($%s, .5)', n)
	WHEN domain = 'boolean' THEN format('coalesce($%s, true)', n)
	ELSE format('$%s', n)
END
$$;

-- A function around one of the extension, all its rows as one text.
CREATE PROCEDURE wrap(function regprocedure, id text) LANGUAGE plpgsql AS $$
DECLARE
	p pg_proc := f FROM pg_proc f WHERE f.oid = function;
	types text[];
	given text[];
BEGIN
	SELECT array_agg(domain ORDER BY n),
		   array_agg(smith.given(n, argument, domain)
			|| CASE WHEN domain ~ '^smith' THEN '::' || t::regtype ELSE '' END ORDER BY n)
	  INTO types, given
	  FROM unnest(p.proargtypes::oid[], p.proargnames[1:p.pronargs]) WITH ORDINALITY a (t, argument, n),
		   domain_of(p.proname, coalesce(argument, ''), t, id) domain;
	EXECUTE format('CREATE FUNCTION smith.%I(%s) RETURNS text LANGUAGE sql AS %L',
		p.proname || '_' || function::oid || '_' || id, array_to_string(types, ', '),
		format('SELECT string_agg(x::text, chr(59)) FROM recsys.%I(%s) x', p.proname, array_to_string(given, ', ')));
END $$;

DO $$
DECLARE
	f record;
	id text;
BEGIN
	FOR f IN SELECT p.oid::regprocedure AS function, 'anyelement'::regtype = ANY (proargtypes::oid[]) OR '"any"'::regtype = ANY (proargtypes::oid[]) AS any_id
			   FROM pg_proc p
			  WHERE pronamespace = 'recsys'::regnamespace AND prokind = 'f' AND pronargs > 0
				AND 'internal'::regtype <> ALL (proargtypes::oid[] || prorettype)
	LOOP
		FOREACH id IN ARRAY CASE WHEN f.any_id THEN ARRAY['int', 'text', 'uuid'] ELSE ARRAY['int'] END LOOP
			CALL smith.wrap(f.function, id);
		END LOOP;
	END LOOP;
END $$;

-- What sqlsmith finds instead of all functions.
CREATE VIEW pg_proc AS
SELECT p.* FROM pg_catalog.pg_proc p
 WHERE (pronamespace = 'recsys'::regnamespace AND prokind <> 'p'
		AND 'internal'::regtype <> ALL (proargtypes::oid[] || prorettype))
	OR (pronamespace = 'smith'::regnamespace AND prokind = 'f' AND proname ~ '_\d+_')
	OR (pronamespace = 'pg_catalog'::regnamespace
		AND proname IN ('abs', 'int4', 'float8', 'md5', 'count', 'jsonb_strip_nulls'));

-- What it finds instead of all types: polymorphic ones, which it writes into casts
-- of half of its statements, have the name of one that they may stand for.
CREATE VIEW pg_type AS
SELECT oid, typnamespace, typdelim, typrelid, typelem, typarray, typtype,
	   coalesce((SELECT real FROM (VALUES ('anyrange', 'int4range'), ('anymultirange', 'int4multirange'), ('anyenum', 'text'),
			('anycompatible', 'int4'), ('anycompatiblearray', '_int4'), ('anycompatiblenonarray', 'int4'),
			('anycompatiblerange', 'int4range'), ('anycompatiblemultirange', 'int4multirange'), ('anynonarray', 'int4'))
			n (name, real) WHERE name = typname), typname) AS typname
  FROM pg_catalog.pg_type;

GRANT USAGE ON SCHEMA smith, fuzz, recsys TO smith;
GRANT CREATE ON SCHEMA fuzz TO smith;
GRANT SELECT ON argument, pg_proc, pg_type, recsys.recsys_models, recsys.recsys_algorithms TO smith;
DO $$
DECLARE
	relation regclass;
BEGIN
	FOR relation IN SELECT oid::regclass FROM pg_class
		 WHERE relnamespace = 'fuzz'::regnamespace AND relkind IN ('r', 'v', 'p', 'm') AND relname <> 'endless'
		   AND relname ~ '^[a-z_]{1,30}$'
	LOOP
		EXECUTE format('GRANT ALL ON %s TO smith', relation);
	END LOOP;
END $$;
ALTER ROLE smith SET search_path = smith, pg_catalog;
