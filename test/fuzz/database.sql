-- What arguments.pl and sqlsmith.sh try the functions on: relations good and
-- bad, and a model of every algorithm.
SET client_min_messages = warning;

-- The extension is where no search path of the statements looks.
\if :{?schema}
\else
\set schema 'Odd schema'
\endif
CREATE SCHEMA :"schema";
CREATE EXTENSION recsys SCHEMA :"schema";
CREATE SCHEMA fuzz;
SET search_path = fuzz, :"schema";

CREATE TYPE pair AS (user_id int, item_id int);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN short AS text CHECK (length(VALUE) < 6);

-- Ratings that are in order, and some of other types.
CREATE TABLE ratings (user_id int, item_id int, rating float8, at timestamptz, amount numeric,
	note text, tags text[], data jsonb);
INSERT INTO ratings
SELECT u, i, 1 + (u * 7 + i * 3) % 5, '2024-01-01'::timestamptz + (u * i) * interval '1 hour', i % 4,
	   'note ' || i, ARRAY['a' || u % 3], '{"a": 1}'
  FROM generate_series(1, 30) u, generate_series(1, 20) i WHERE (u * u + 3 * i * i + 5 * u * i) % 7 < 3;
CREATE TABLE names AS
SELECT 'user ' || user_id AS user_id, chr(64 + item_id) AS item_id, rating::real FROM ratings;
CREATE TABLE uuids AS
SELECT md5(user_id::text)::uuid AS user_id, item_id::bigint, rating::smallint FROM ratings;
CREATE TABLE enums AS
SELECT user_id::positive, (enum_range(NULL::mood))[1 + item_id % 3] AS item_id, avg(rating) AS rating
  FROM ratings GROUP BY 1, 2;
CREATE TABLE times AS
SELECT 'x'::name AS user_id, at AS item_id, avg(rating) AS rating FROM ratings GROUP BY 2;
CREATE TABLE domains AS
SELECT user_id::positive, item_id::text::short, rating FROM ratings;
CREATE TABLE ranges AS
SELECT int4range(user_id, user_id + 1) AS user_id, ('10.0.0.' || item_id)::inet AS item_id, rating FROM ratings;
CREATE TABLE rows AS
SELECT (user_id, item_id)::pair AS user_id, ARRAY[item_id] AS item_id, rating FROM ratings;
CREATE TABLE "Quoted ""Table" AS
SELECT user_id AS "User ""Id", item_id AS "ITEM", rating AS " " FROM ratings;
CREATE TABLE a234567890123456789012345678901234567890123456789012345678901234 AS
SELECT user_id, item_id, rating FROM ratings;

-- Ratings with something wrong.
CREATE TABLE empty (LIKE ratings);
CREATE TABLE unrated AS SELECT user_id, item_id, NULL::real AS rating FROM ratings;
CREATE TABLE nulls AS
SELECT CASE WHEN user_id > 3 THEN user_id END AS user_id, CASE WHEN item_id > 3 THEN item_id END AS item_id,
	   nullif(rating, 2) AS rating FROM ratings;
CREATE TABLE null_texts AS
SELECT user_id::text, item_id::text, rating FROM nulls;
CREATE TABLE wild AS
SELECT user_id, item_id, (ARRAY['NaN', 'Infinity', '-Infinity', '1e308', '-1e-320', '3.4e38', '0'])[1 + item_id % 7]::float8 AS rating
  FROM ratings;
CREATE TABLE huge AS SELECT user_id, item_id, 3e38 * sin(user_id * item_id)::real AS rating FROM ratings;
CREATE TABLE tiny AS SELECT user_id, item_id, 1e-38 * rating AS rating FROM ratings;
CREATE TABLE negative AS SELECT user_id, item_id, -rating AS rating FROM ratings;
CREATE TABLE zeros AS SELECT user_id, item_id, 0 AS rating FROM ratings;
CREATE TABLE single AS SELECT 1 AS user_id, 1 AS item_id, 1 AS rating;
CREATE TABLE one_user AS SELECT 1 AS user_id, item_id, rating FROM ratings;
CREATE TABLE one_item AS SELECT user_id, 1 AS item_id, rating FROM ratings;
CREATE TABLE repeated AS SELECT user_id, item_id, rating, at FROM ratings, generate_series(1, 3);
CREATE TABLE limits AS
SELECT (ARRAY[-9223372036854775808, 9223372036854775807, 0, -1])[1 + user_id % 4] AS user_id,
	   (item_id - 32769)::smallint AS item_id, max(rating) AS rating FROM ratings GROUP BY 1, 2;
CREATE TABLE strings AS
SELECT (ARRAY['', ' ', E'\n', '''', '"', '\', 'é', repeat('x', 3000)])[1 + user_id % 8] AS user_id,
	   (ARRAY['', '5', ' 5', '5 ', '+5', '5e0', '99999999999999999999'])[1 + item_id % 7] AS item_id,
	   max(rating) AS rating FROM ratings GROUP BY 1, 2;

-- Relations that are no plain table, or none.
CREATE VIEW rating_view AS SELECT user_id, item_id, rating, at FROM ratings;
CREATE VIEW failing AS SELECT user_id, item_id, rating / (item_id - 7) AS rating FROM ratings;
CREATE VIEW endless AS
SELECT user_id, item_id, rating FROM ratings, LATERAL (SELECT FROM generate_series(1, 1000000)) s;
CREATE MATERIALIZED VIEW stored AS SELECT user_id, item_id, rating FROM ratings;
CREATE MATERIALIZED VIEW unfilled AS SELECT user_id, item_id, rating FROM ratings WITH NO DATA;
CREATE TABLE parts (user_id int, item_id int, rating float8) PARTITION BY HASH (user_id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT user_id, item_id, rating FROM ratings;
CREATE TABLE no_parts (user_id int, item_id int, rating float8) PARTITION BY LIST (user_id);
CREATE TABLE no_columns ();
CREATE TABLE child () INHERITS (ratings);
CREATE TABLE dropped AS SELECT 1 AS gone, user_id, item_id, rating FROM ratings;
ALTER TABLE dropped DROP COLUMN gone;
CREATE TABLE guarded AS SELECT user_id, item_id, rating FROM ratings;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON guarded USING (user_id % 2 = 0);
CREATE TABLE secret AS SELECT user_id, item_id, rating FROM ratings;
CREATE SEQUENCE counter;
CREATE INDEX ratings_note ON ratings (note);
CREATE UNIQUE INDEX ON stored (user_id, item_id);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE abroad (user_id int, item_id int, rating float8) SERVER nowhere;
CREATE TABLE like_a_model (version int, part text, block int, meta jsonb, data bytea);
CREATE TABLE empty_model OF recsys_model;
CREATE TABLE odd_model OF recsys_model;
INSERT INTO odd_model VALUES (1, 'header', 0, '{}', '\x00'), (2, 'header', 0, 'null', NULL),
	(NULL, NULL, NULL, NULL, NULL);

-- What is known of the items.
CREATE TABLE items AS
SELECT i AS item_id, 'title ' || i % 4 AS title, 'red|' || i % 3 AS genres, ARRAY['x', NULL, 'y' || i % 2] AS tags,
	   jsonb_build_array('a', i % 2) AS keywords, to_tsvector('simple', 'word' || i % 5) AS words
  FROM generate_series(1, 25) i;

-- A model of every algorithm, of ratings and of counts, and one of text ids.
DO $$
DECLARE
	a record;
	options jsonb;
BEGIN
	FOR a IN SELECT * FROM recsys_algorithms LOOP
		options := CASE a.name
			WHEN 'content' THEN '{"items": "fuzz.items", "text_cols": ["title", "words"], "tag_cols": ["genres", "tags"]}'
			WHEN 'hybrid' THEN '{"components": [{"algorithm": "item_knn"}, {"algorithm": "als", "options": {"factors": 2, "iterations": 2}}]}'
			ELSE '{}' END::jsonb;
		IF a.options @> '[{"name": "factors"}]' THEN
			options := options || '{"factors": 3}';
		END IF;
		IF a.options @> '[{"name": "iterations"}]' THEN
			options := options || '{"iterations": 3}';
		END IF;
		PERFORM recsys_train('m_' || a.name, 'ratings', a.name, options);
		IF a.feedback <> 'explicit' THEN
			PERFORM recsys_train('i_' || a.name, 'uuids', a.name, options - 'components', rating_col => NULL)
			  WHERE a.name NOT IN ('content', 'hybrid');
		END IF;
	END LOOP;
	PERFORM recsys_train('m_names', 'names', 'als', '{"factors": 2}');
	PERFORM recsys_train('m_unstored', 'names', 'ials', '{"factors": 2, "store_ratings": false}');
	PERFORM recsys_train('m_strings', 'strings', 'item_knn');
	PERFORM recsys_train('m_limits', 'limits', 'svd', '{"factors": 2}');
	PERFORM recsys_train('"Quoted "" model"', 'ratings', 'user_knn');
END $$;

-- What the statements use.
CREATE TABLE result (a text);
CREATE TABLE indexed AS SELECT 1 AS a;
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE statement INTO result;
	RETURN result;
EXCEPTION
	WHEN query_canceled THEN RAISE;
	WHEN OTHERS THEN
		IF SQLSTATE = 'XX000' THEN RAISE; END IF;
		RETURN SQLSTATE;
END $$;

-- A user without rights to what is secret.
DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'regress_recsys_fuzz') THEN
		CREATE ROLE regress_recsys_fuzz;
	END IF;
END $$;
GRANT ALL ON SCHEMA fuzz, :"schema" TO regress_recsys_fuzz;
GRANT ALL ON ALL TABLES IN SCHEMA fuzz TO regress_recsys_fuzz;
REVOKE ALL ON secret, m_svd FROM regress_recsys_fuzz;
