-- Ids: of which types they may be, how they are held and compared, and what is
-- refused.
SET client_min_messages = warning;
CREATE SCHEMA ids;
SET search_path = ids, public;
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
	context text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN sqlstate || ' ' || sqlerrm || coalesce(E'\n  detail: ' || nullif(detail, ''), '') ||
		coalesce(E'\n  hint: ' || nullif(hint, ''), '') ||
		coalesce(E'\n  ' || substring(context FROM 'text of an id of type [^\n]*'), '');
END $$;
\pset format unaligned
\pset tuples_only on

-- Of every type that will do: how ids are held, whatever the settings; that they
-- are found by values of their type, and come back as such.
CREATE TYPE size AS ENUM ('small', 'medium', 'large', 'huge');
CREATE DOMAIN code AS text COLLATE "C" CHECK (VALUE ~ '^[a-z]+$');
CREATE DOMAIN hour AS timestamptz;
CREATE TABLE typed (
	n int, int2 int2, int4 int4, int8 int8, text text COLLATE "C", varchar varchar(9), bpchar char(9), name name, bool bool,
	uuid uuid, oid oid, numeric numeric, date date, timestamp timestamp, timestamptz timestamptz, "time" time, timetz timetz,
	bytea bytea, inet inet, cidr cidr, macaddr macaddr, bit bit(5), varbit varbit, pg_lsn pg_lsn, xid8 xid8,
	enum size, domain code, domain_time hour, who int);
INSERT INTO typed
SELECT n, n, n, n * 10000000000, 'é ' || n, 'v' || n, 'p' || n, 'n' || n, n % 2 = 0,
	   ('00000000-0000-0000-0000-00000000000' || n)::uuid, n, CASE WHEN u % 2 = 0 THEN n / 2.0 ELSE n * .500 END,
	   CASE n WHEN 1 THEN '0044-03-15 BC' WHEN 2 THEN 'infinity' ELSE date '2024-02-01' + n END,
	   CASE n WHEN 1 THEN '0044-03-15 01:02:03 BC' WHEN 2 THEN '-infinity' ELSE timestamp '2024-02-01 12:00' + n * interval '25 hours 1.5 s' END,
	   CASE n WHEN 1 THEN '0044-03-15 01:02:03+00 BC' WHEN 2 THEN 'infinity' ELSE timestamptz '2024-03-30 22:00+01' + n * interval '1 hour' END,
	   time '12:00' + n * interval '1.25 s', ('12:00+0' || n)::timetz, decode('0' || n || 'ff', 'hex'), ('10.0.0.' || n)::inet,
	   ('10.' || n || '.0.0/16')::cidr, ('08:00:2b:01:02:0' || n)::macaddr, n::bit(5), repeat('1', n)::varbit, ('0/' || n)::pg_lsn, n::text::xid8,
	   (enum_range(NULL::size))[1 + n % 4], repeat('d', n)::code, timestamptz '2024-03-30 22:00+01' + n * interval '1 hour', u
  FROM generate_series(1, 6) n, generate_series(1, 7) u;
CREATE FUNCTION other_settings() RETURNS void LANGUAGE sql AS $$
	SELECT set_config('timezone', 'Asia/Kathmandu', false), set_config('datestyle', 'German', false), set_config('bytea_output', 'escape', false),
		   set_config('search_path', 'ids, public, pg_catalog', false), set_config('extra_float_digits', '-5', false), set_config('intervalstyle', 'iso_8601', false) $$;
CREATE FUNCTION our_settings() RETURNS void LANGUAGE sql AS $$
	SELECT set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO', false), set_config('bytea_output', 'hex', false), set_config('search_path', 'ids, public', false) $$;
CREATE FUNCTION held(id_column name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	options jsonb = '{"factors": 2, "iterations": 2, "duplicates": "max"}';
	known bigint;
	back bigint;
	live bigint;
	texts text[];
	others text[];
	items bigint;
BEGIN
	PERFORM our_settings();
	SELECT t.items INTO items FROM recsys_train('held_model', 'typed', 'svd', options, 'who', id_column, 'n') t;
	SELECT array_agg(id ORDER BY id COLLATE "C") INTO texts FROM recsys_factors('held_model', 'item');
	PERFORM other_settings();
	-- found by value, and come back as values
	EXECUTE format('SELECT count(DISTINCT %1$I) FROM typed t WHERE
		(SELECT count(*) FROM recsys_similar_items(''held_model'', %1$I, 99)) = $1 - 1', id_column) INTO known USING items;
	EXECUTE format('SELECT count(DISTINCT s.item_id) FROM typed t, recsys_similar_items(''held_model'', t.%1$I, 99) s
		WHERE EXISTS (SELECT FROM typed x WHERE x.%1$I = s.item_id)', id_column) INTO back;
	-- live, by value
	EXECUTE format('SELECT count(DISTINCT %1$I) FROM typed t WHERE
		(SELECT count(*) FROM similar_items(''typed'', t.%1$I, 99, user_col => ''who'', item_col => %1$L, rating_col => ''n'')) > 0', id_column) INTO live;
	PERFORM recsys_train('held_model', 'typed', 'svd', options, 'who', id_column, 'n');
	SELECT array_agg(id ORDER BY id COLLATE "C") INTO others FROM recsys_factors('held_model', 'item');
	PERFORM our_settings();
	RETURN concat_ws(' ', rpad(id_column, 11), items, known, back, live, CASE WHEN texts = others THEN texts::text ELSE texts::text || ' BUT ' || others::text END);
END $$;
SELECT held(attname) FROM pg_attribute WHERE attrelid = 'typed'::regclass AND attnum > 1 AND attname <> 'who' ORDER BY attnum;

-- Numerics by their value; so are those of an argument.
SELECT refusal($$ SELECT recsys_train('m', 'typed', 'svd', '{"factors": 2}', 'who', 'numeric', 'n') $$);
SELECT recsys_predict('m', 1, '1.5') = recsys_predict('m', 1.000, 1.500) AND recsys_predict('m', 1, 1.5) <> recsys_predict('m', 1, 7777);

-- Types in which equal values may be written differently, or that do not say.
CREATE EXTENSION citext;
CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN caseless_code AS text COLLATE caseless;
CREATE DOMAIN ci AS citext;
CREATE TYPE pair AS (a int, b int);
CREATE TABLE refused (
	n int, rating int, citext citext, caseless text COLLATE caseless, varchar varchar(9) COLLATE caseless, bpchar char(9) COLLATE caseless,
	domain caseless_code, domain_ci ci, jsonb jsonb, json json, xml xml, float4 float4, float8 float8, "interval" interval, money money, xid xid, point point,
	int4range int4range, int4multirange int4multirange, "array" int[], pair pair, tsvector tsvector, regclass regclass, regtype regtype);
SELECT attname || ': ' || refusal(format($$ SELECT recsys_train('m', 'refused', 'svd', '{}', 'n', %L) $$, attname))
  FROM pg_attribute WHERE attrelid = 'refused'::regclass AND attnum > 2 ORDER BY attnum;
-- wherever ids are read
CREATE VIEW users_refused AS SELECT 1 AS item_id, * FROM refused;
CREATE TABLE plain (user_id int, item_id text, rating float8);
INSERT INTO plain SELECT u, 'i' || i, 1 + (u * i) % 5 FROM generate_series(1, 9) u, generate_series(1, 9) i WHERE (u + i) % 3 > 0;
SELECT refusal($$ SELECT recsys_train('m', 'users_refused', 'svd', '{}', 'citext', rating_col => 'n') $$);
SELECT refusal($$ SELECT similar_users('users_refused', 'a', user_col => 'caseless', rating_col => 'n') $$);
SELECT refusal($$ SELECT item_knn_recommend('refused', 1, user_col => 'n', item_col => 'domain_ci', rating_col => NULL) $$);
SELECT refusal($$ SELECT recsys_evaluate('refused', 'popular', user_col => 'n', item_col => 'citext', rating_col => NULL) $$);
SELECT refusal($$ SELECT recsys_train('m', NULL, 'content', '{"items": "refused", "item_id_col": "citext", "text_cols": ["xml"]}') $$);
SELECT refusal($$ SELECT fcp(user_id::citext, rating, rating) FROM plain $$);
SELECT refusal($$ SELECT fcp(item_id COLLATE caseless, rating, rating) FROM plain $$);
SELECT refusal($$ SELECT fcp(user_id, rating, rating), fcp(item_id, rating, rating), fcp(item_id COLLATE "C", rating, rating) FROM plain $$);
-- As an argument such a value is the text that it is.
SELECT refusal($$ SELECT recsys_train('m', 'plain', 'svd', '{"factors": 2}') $$);
SELECT recsys_predict('m', 1::float8, 'i2'::citext) = recsys_predict('m', 1, 'i2') AND recsys_predict('m', 1, 'I2'::citext) = recsys_predict('m', 1, 'none');
SELECT recsys_predict('m', 1, 'i2' COLLATE caseless) = recsys_predict('m', 1, 'i2'), pg_typeof(item_id) FROM recsys_similar_items('m', 'i2'::citext, 1);
-- Floats, in full, whatever the settings; as integers where they are.
SET extra_float_digits = -10;
SELECT refusal($$ SELECT recsys_train('f', 'typed', 'svd', '{"factors": 2}', 'who', 'int8', 'n') $$);
SELECT recsys_predict('f', 1, 30000000000::float8) = recsys_predict('f', 1, 30000000000) AND recsys_predict('f', 1, 10000000000::float4) = recsys_predict('f', 1, 10000000000)
   AND recsys_predict('f', 1, 3e10 + .5) = recsys_predict('f', 1, 'none') AND recsys_predict('f', 1, 30000000000) <> recsys_predict('f', 1, 'none');
CREATE TABLE halves AS SELECT u AS user_id, i / 3.0::float8 AS third, (i / 3.0::float8)::numeric AS item_id, 1 + (u * i) % 5 AS rating FROM generate_series(1, 9) u, generate_series(1, 4) i;
SET extra_float_digits = 1;
UPDATE halves SET item_id = third::text::numeric;
SET extra_float_digits = -10;
SELECT refusal($$ SELECT recsys_train('f', 'halves', 'svd', '{"factors": 2}') $$);
SELECT bool_and(recsys_predict('f', user_id, third) = recsys_predict('f', user_id, item_id)) AS same, bool_or(recsys_predict('f', user_id, third) = recsys_predict('f', user_id, 'none')) AS any_unknown FROM halves;
SET extra_float_digits = -5;
-- What no column of ids may be of, and whose text depends on settings, is not asked for.
SELECT t || ': ' || refusal(format('SELECT * FROM recsys_recommend(''m'', NULLIF(%L, %L)::%s)', v, '', t)) FROM (VALUES (1, 'interval', '1 day'), (2, 'money', '1'), (3, 'int4range', '[1,2)'), (4, 'datemultirange', '{}'),
	(5, 'regclass', 'pg_class'), (6, 'pair', '(1,2)'), (7, 'int[]', '{1}')) x(n, t, v) ORDER BY n;
SELECT refusal($$ SELECT recsys_predict('m', 1, interval '1 day') $$);
SELECT refusal($$ SELECT * FROM similar_items('plain', '1'::money) $$);
-- What the hint says.
INSERT INTO refused (n, citext) SELECT u, CASE WHEN u % 2 = 0 THEN 'Item' ELSE 'ITEM' END || i FROM generate_series(1, 9) u, generate_series(1, 5) i;
CREATE VIEW lowered AS SELECT n AS user_id, lower(citext::text) AS item_id FROM refused;
SELECT items FROM recsys_train('lowered_m', 'lowered', 'item_knn', rating_col => NULL);

-- A text is the integer that it is written as, and no other.
SELECT refusal($$ SELECT recsys_train('i', 'typed', 'svd', '{"factors": 2}', 'who', 'int4', 'n') $$);
SELECT id, recsys_predict('i', 1, id) <> recsys_predict('i', 1, 'none') AS known
  FROM unnest(ARRAY['2', '02', '+2', ' 2', '2 ', '2.0', '-2', '-0', '', '18446744073709551618', '00000000000000000000000000000002']) id;
SELECT recsys_predict('i', 1, 2.00) = recsys_predict('i', 1, 2) AND recsys_predict('i', 1, 2) = recsys_predict('i', 1, '2'::char(9));

-- Casts to text with one, two and three arguments are called as SQL calls them.
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TABLE painted AS SELECT u AS user_id, c AS item_id, 1 + (u * 7 + ord) % 5 AS rating
  FROM generate_series(1, 9) u, unnest(enum_range(NULL::colour)) WITH ORDINALITY e(c, ord);
CREATE FUNCTION text_1(colour) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN upper(enum_out($1)::text); END $$;
CREATE FUNCTION text_2(colour, int) RETURNS text LANGUAGE sql AS $$ SELECT concat(enum_out($1), ' ', $2) $$;
CREATE FUNCTION text_3(colour, int, bool) RETURNS varchar LANGUAGE sql AS $$ SELECT concat(enum_out($1), $2, $3) $$;
CREATE FUNCTION text_of_any(anyenum, int, bool) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN concat('any ', enum_out($1), $2, $3); END $$;
CREATE FUNCTION text_null(colour, int, bool) RETURNS text LANGUAGE sql AS $$ SELECT CASE enum_out($1)::text WHEN 'blue' THEN NULL ELSE 'some' END $$;
CREATE FUNCTION text_error(colour, int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no colours today' USING ERRCODE = 'P0777'; END $$;
CREATE FUNCTION by_cast(function text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('CREATE CAST (colour AS text) WITH FUNCTION %s', function);
	result := refusal('SELECT recsys_train(''p'', ''painted'', ''svd'', ''{"factors": 2}'')');
	IF result = 'accepted' THEN
		EXECUTE 'SELECT array_agg(id ORDER BY id)::text || bool_and(recsys_predict(''p'', 1, ''blue''::colour) <> recsys_predict(''p'', 1, ''none''))
				 FROM recsys_factors(''p'', ''item'')' INTO result;
	END IF;
	DROP CAST (colour AS text);
	RETURN result;
END $$;
SELECT by_cast(f) FROM unnest('{"text_1(colour)", "text_2(colour, int)", "text_3(colour, int, bool)", "text_of_any(anyenum, int, bool)", "text_null(colour, int, bool)", "text_error(colour, int)"}'::text[]) f;
-- without one, the label
SELECT refusal($$ SELECT recsys_train('p', 'painted', 'svd', '{"factors": 2}') $$);
SELECT array_agg(id ORDER BY id) FROM recsys_factors('p', 'item');
CREATE CAST (colour AS text) WITH FUNCTION text_null(colour, int, bool);
SELECT refusal($$ SELECT recsys_predict('p', 1, 'red'::colour) $$), refusal($$ SELECT recsys_similar_items('p', 'blue'::colour) $$);
SELECT refusal($$ SELECT item_knn_recommend('painted', 1) $$);
DROP CAST (colour AS text);
CREATE CAST (colour AS text) WITH FUNCTION text_error(colour, int);
SELECT refusal($$ SELECT recsys_predict('p', 1, 'red'::colour) $$), refusal($$ SELECT similar_items('painted', 'blue'::colour) $$);
DROP CAST (colour AS text);

-- A cast that somebody else made is not called with the rights of whoever reads.
CREATE ROLE regress_recsys_enemy;
CREATE ROLE regress_recsys_victim;
GRANT CREATE, USAGE ON SCHEMA ids TO regress_recsys_enemy, regress_recsys_victim;
SET ROLE regress_recsys_enemy;
CREATE TYPE trap AS ENUM ('a', 'b', 'c');
CREATE TABLE baited AS SELECT u AS user_id, t AS item_id, 1 + u % 5 AS rating, t::text AS title FROM generate_series(1, 9) u, unnest(enum_range(NULL::trap)) t;
CREATE TABLE bait AS SELECT t AS item_id, t AS word, ARRAY[t] AS tags FROM unnest(enum_range(NULL::trap)) t;
GRANT SELECT ON baited, bait TO PUBLIC;
CREATE FUNCTION spring(trap) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
CREATE FUNCTION spring_back(text) RETURNS trap LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
CREATE CAST (trap AS text) WITH FUNCTION spring(trap);
CREATE CAST (text AS trap) WITH FUNCTION spring_back(text);
SELECT refusal($$ SELECT recsys_train('enemys', 'baited', 'svd') $$);
SET ROLE regress_recsys_victim;
SELECT refusal($$ SELECT recsys_train('v', 'baited', 'svd') $$);
SELECT refusal($$ SELECT similar_users('baited', 1) $$);
SELECT refusal($$ SELECT similar_items('baited', 'a') $$);
SELECT refusal($$ SELECT item_knn_recommend('baited', 1) $$);
SELECT refusal($$ SELECT recsys_train('v', NULL, 'content', '{"items": "bait", "text_cols": ["word"]}') $$);
RESET ROLE;
SELECT refusal($$ SELECT recsys_train('v', 'baited', 'svd') $$);
SELECT refusal($$ SELECT recsys_evaluate('baited', 'popular') $$);
SELECT refusal($$ SELECT recsys_predict('m', 1, item_id) FROM baited $$);
-- texts, tags and times of such a type are taken as they are written
ALTER TABLE bait ALTER item_id TYPE int USING 1 + length(item_id::varchar);
UPDATE bait SET item_id = ascii(enum_out(word)::text), tags = CASE WHEN word > 'a' THEN '{a,c}'::trap[] END;
SET ROLE regress_recsys_victim;
SELECT refusal($$ SELECT recsys_train('w', NULL, 'content', '{"items": "bait", "text_cols": ["word"], "tag_cols": ["word", "tags"], "config": "simple"}') $$);
SELECT item_id, round(similarity::numeric, 3) FROM recsys_similar_items('w', 98) ORDER BY 1;
SELECT refusal($$ SELECT recsys_evaluate('baited', 'popular', '{}', '{"method": "temporal", "time_col": "item_id", "after": "b"}', user_col => 'user_id', item_col => 'title') $$);
RESET ROLE;
DROP OWNED BY regress_recsys_enemy, regress_recsys_victim CASCADE;
DROP ROLE regress_recsys_enemy, regress_recsys_victim;

-- A domain's constraints are not asked of ids that go out: they are its owner's code.
CREATE FUNCTION alarm(colour) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'alarm'; END $$;
CREATE DOMAIN alarmed AS colour;
CREATE TABLE alarms AS SELECT 'red'::alarmed AS id;
ALTER DOMAIN alarmed ADD CHECK (alarm(VALUE)) NOT VALID;
SELECT count(*), min(pg_typeof(s.item_id)::text) FROM alarms, recsys_similar_items('p', id, 3) s;
SELECT count(*), min(pg_typeof(s.item_id)::text) FROM alarms, similar_items('painted', id, 3) s;

-- Rows without an id are an error, wherever they are met.
CREATE TABLE nulls (user_id int, item_id text, number int, rating float8);
INSERT INTO nulls VALUES (1, 'a', 1, 1), (2, NULL, NULL, 3), (3, NULL, NULL, 3), (NULL, 'b', 2, 2);
CREATE VIEW nulls_view AS SELECT * FROM nulls;
SELECT f, r, refusal(format($$ SELECT * FROM %s(%L, %s, item_col => %L, rating_col => %L) $$, f, r, id, c, v))
  FROM (VALUES (1, 'item_knn_recommend', 'nulls', '1', 'item_id', 'rating'), (2, 'item_knn_recommend', 'nulls', '99', 'item_id', 'rating'),
               (3, 'item_knn_recommend', 'nulls', '99', 'number', NULL), (4, 'user_knn_recommend', 'nulls_view', '99', 'number', 'rating'),
               (5, 'user_knn_recommend', 'nulls_view', '1', 'item_id', NULL), (6, 'similar_items', 'nulls', '1', 'number', 'rating'),
               (7, 'similar_users', 'nulls_view', '1', 'item_id', 'rating')) x(n, f, r, id, c, v) ORDER BY n;
SELECT refusal($$ SELECT item_knn_recommend('nulls', 1, score => 'baseline') $$);
SELECT refusal($$ SELECT recsys_train('m', 'nulls', 'als') $$);
SELECT refusal($$ SELECT recsys_evaluate('plain', 'popular', '{}', '{"method": "given", "test": "nulls"}') $$);
SELECT refusal($$ SELECT recsys_evaluate('plain', 'popular', '{}', '{"negatives": "nulls"}') $$);
SELECT refusal($$ SELECT recsys_evaluate_model('m', 'nulls') $$);
SELECT refusal($$ SELECT recsys_train('m', NULL, 'content', '{"items": "nulls", "item_id_col": "number", "text_cols": ["item_id"]}') $$);
-- Without such rows there are lists.
DELETE FROM nulls WHERE user_id IS NULL OR item_id IS NULL;
SELECT * FROM item_knn_recommend('nulls', '99') a, item_knn_recommend('nulls', 99, item_col => 'number') b;
ALTER TABLE nulls ADD UNIQUE (user_id, item_id), ALTER user_id SET NOT NULL, ALTER item_id SET NOT NULL;
SELECT * FROM item_knn_recommend('nulls', '99');

-- Relations of ids are compared by the ids, whatever their types.
CREATE TABLE whole AS SELECT u AS user_id, i AS item_id, 1 + (u * i + i) % 5 AS rating FROM generate_series(10, 49) u, generate_series(10, 39) i WHERE (u * 7 + i * 3) % 4 > 1;
CREATE TABLE held_out AS SELECT u AS user_id, i AS item_id, 1 + (u + i) % 5 AS rating FROM generate_series(10, 49) u, generate_series(10, 39) i WHERE (u * 7 + i * 3) % 4 = 1;
CREATE TABLE others AS SELECT u AS user_id, i AS item_id FROM generate_series(10, 49) u, generate_series(10, 39) i WHERE (u * 7 + i * 3) % 4 = 0;
CREATE VIEW texts AS SELECT user_id::text, item_id::varchar, rating FROM whole;
CREATE VIEW held_out_texts AS SELECT user_id::numeric + .0 AS user_id, item_id::char(5), rating FROM held_out;
CREATE VIEW others_texts AS SELECT user_id::text, item_id::name FROM others;
SELECT refusal($$ SELECT recsys_train('model_i', 'whole', 'ials', '{"factors": 3}') $$), refusal($$ SELECT recsys_train('model_t', 'texts', 'ials', '{"factors": 3}') $$);
SELECT count(DISTINCT measures), min(measures) <> '' AS some FROM (
	SELECT w, t, o, (SELECT string_agg(metric || round(value::numeric, 6), ',' ORDER BY metric)
					 FROM recsys_evaluate(w, 'item_knn', '{}', jsonb_build_object('method', 'given', 'test', t, 'negatives', o), 5)) AS measures
	  FROM unnest('{whole,texts}'::regclass[]) w, unnest('{held_out,held_out_texts}'::regclass[]) t, unnest('{others,others_texts}'::regclass[]) o) e;
SELECT count(DISTINCT measures), min(measures) <> '' AS some FROM (
	SELECT (SELECT string_agg(metric || round(value::numeric, 2), ',' ORDER BY metric) FROM recsys_evaluate_model(m, t, 5) WHERE metric IN ('users', 'ndcg')) AS measures
	  FROM unnest('{model_i,model_t}'::regclass[]) m, unnest('{held_out,held_out_texts}'::regclass[]) t) e;
SELECT metric, value FROM recsys_evaluate('whole', 'popular', '{}', '{"method": "given", "test": "held_out", "negatives": "others_texts"}') WHERE metric IN ('users', 'ndcg') AND value > 0 ORDER BY 1;

-- The header says of which types ids are, in which encoding texts are, and whether
-- they are ASCII; of items without ratings it is the type in their relation.
SELECT refusal($$ SELECT recsys_train('t' || n, 'typed', 'popular', '{}', u, i, NULL) FROM (VALUES (1, 'int2', 'uuid'), (2, 'text', 'int4'), (3, 'domain', 'enum'),
		(4, 'bpchar', 'domain_time'), (5, 'who', 'oid')) t(n, u, i) $$);
CREATE TABLE described AS SELECT n::int8 AS id, 'mot' || n % 3 AS words, 'thé' AS tags FROM generate_series(1, 6) n;
SELECT refusal($$ SELECT recsys_train('t6', NULL, 'content', '{"items": "described", "item_id_col": "id", "text_cols": ["words"]}') $$);
SELECT refusal($$ SELECT recsys_train('t7', 'typed', 'hybrid', '{"components": [{"algorithm": "popular"}, {"algorithm": "content", "options": {"items": "described", "item_id_col": "id", "tag_cols": ["tags"]}}]}', 'who', 'n', NULL) $$);
SELECT m, meta -> 'source' ->> 'user_type', meta -> 'source' ->> 'item_type', meta ->> 'encoding', meta ->> 'ascii'
  FROM (SELECT 't1' AS m, * FROM t1 UNION ALL SELECT 't2', * FROM t2 UNION ALL SELECT 't3', * FROM t3 UNION ALL SELECT 't4', * FROM t4
		UNION ALL SELECT 't5', * FROM t5 UNION ALL SELECT 't6', * FROM t6 UNION ALL SELECT 't7', * FROM t7) t WHERE part = 'header' ORDER BY 1;
DROP SCHEMA ids CASCADE;
