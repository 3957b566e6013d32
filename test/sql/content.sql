-- Content: items by what their texts and tags say, held against TF-IDF in SQL.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA content;
SET search_path = content, public;
CREATE TABLE films (id int, title text, overview text, genres text[]);
INSERT INTO films VALUES
	(1, 'Robot war', 'Robots fight other robots in space', '{Action,SciFi}'),
	(2, 'Love and robots', 'A robot loves a girl', '{Romance}'),
	(3, 'Space opera', 'They are singing in space', '{Musical,SciFi}'),
	(4, NULL, NULL, NULL),
	(5, 'The cook', 'Cooking a dinner for a girl', '{}'),
	(8, 'Opera', NULL, '{Musical,NULL}'),
	(9, 'Space', 'A war, and a romance in space', '{"Romance", " Action ", "  "}');
CREATE TABLE likes (user_id int, item_id int, rating float8);
INSERT INTO likes VALUES (1, 1, 5), (1, 2, 1), (2, 3, 4), (2, 8, 2), (3, 4, 3), (4, 7, 2), (4, 2, 1), (4, 9, 4), (5, 7, 5);

-- The terms of a film, the vectors of all, profiles of users: in SQL.
CREATE VIEW term AS
SELECT id, 'w' || lexeme AS term, sum(cardinality(positions))::float8 AS n
  FROM films, unnest(ARRAY[title, overview]) AS t(text), unnest(to_tsvector('english', text)) GROUP BY 1, 2
UNION ALL
SELECT id, 't' || trim(tag), count(*) FROM films, unnest(genres) tag WHERE trim(tag) <> '' GROUP BY 1, 2;
CREATE FUNCTION vectors(min_df int = 1, max_df float8 = 1, sublinear bool = false, tag_weight float8 = 1)
RETURNS TABLE (id int, term text, v float8) LANGUAGE sql AS $$
	WITH df AS (SELECT term, count(*) AS df FROM term GROUP BY 1),
	weighed AS (
		SELECT t.id, t.term, CASE WHEN sublinear THEN 1 + ln(n) ELSE n END * CASE WHEN t.term LIKE 't%' THEN tag_weight ELSE 1 END
		       * (1 + ln((1.0 + (SELECT count(*) FROM films)) / (1.0 + df))) AS w
		  FROM term t JOIN df USING (term) WHERE df >= min_df AND df <= max_df * (SELECT count(*) FROM films))
	SELECT id, term, w / sqrt(sum(w ^ 2) OVER (PARTITION BY id)) FROM weighed $$;
CREATE FUNCTION like_items(options jsonb, VARIADIC vector_options text[] = '{}', OUT pairs bigint, OUT wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('c', 'likes', 'content', '{"items": "films", "item_id_col": "id", "text_cols": ["title", "overview"], "tag_cols": ["genres"]}' || options);
	EXECUTE format('WITH v AS MATERIALIZED (SELECT * FROM vectors(%s)),
		expected AS (SELECT a.id AS item, b.id AS other, sum(a.v * b.v) AS cosine FROM v a JOIN v b ON a.term = b.term AND a.id <> b.id GROUP BY 1, 2),
		model AS (SELECT id AS item, s.item_id AS other, s.similarity FROM generate_series(1, 9) id, recsys_similar_items(''c'', id, 100) s)
		SELECT count(*), count(*) FILTER (WHERE similarity IS NULL OR cosine IS NULL OR abs(similarity - cosine) > 1e-6)
		  FROM expected FULL JOIN model USING (item, other)', array_to_string(vector_options, ', ')) INTO pairs, wrong;
END $$;
SELECT * FROM like_items('{}');
SELECT * FROM like_items('{"min_df": 2}', 'min_df => 2');
SELECT * FROM like_items('{"max_df": 0.4}', 'max_df => 0.4');
SELECT * FROM like_items('{"sublinear_tf": true}', 'sublinear => true');
SELECT * FROM like_items('{"tag_weight": 2.5}', 'tag_weight => 2.5');
SELECT * FROM like_items('{"tag_weight": 0.5, "sublinear_tf": true, "min_df": 2, "max_df": 0.5}', 'tag_weight => 0.5', 'sublinear => true', 'min_df => 2', 'max_df => 0.5');

-- Users: scores of items, predictions, and what users are alike.
SELECT users, items, ratings, iterations, train_rmse FROM recsys_train('c', 'likes', 'content',
	'{"items": "films", "item_id_col": "id", "text_cols": ["title", "overview"], "tag_cols": ["genres"]}');
CREATE TABLE profile AS
SELECT user_id, term, sum(rating * v) AS p FROM likes JOIN vectors() ON id = item_id GROUP BY 1, 2;
CREATE TABLE expected AS
SELECT user_id, id AS item_id, sum(p * v) / length AS score
  FROM profile JOIN vectors() v USING (term) JOIN (SELECT user_id, sqrt(sum(p ^ 2)) AS length FROM profile GROUP BY 1) l USING (user_id)
 GROUP BY 1, 2, length;
SELECT count(*), count(*) FILTER (WHERE r.score IS NULL OR e.score IS NULL OR abs(r.score - e.score) > 1e-6) AS wrong,
       count(*) FILTER (WHERE abs(recsys_predict('c', user_id, item_id) - e.score) > 1e-6) AS wrong_predictions,
       array_agg(DISTINCT basis) AS basis
  FROM (SELECT u AS user_id, r.* FROM generate_series(1, 5) u, recsys_recommend('c', u, 100, exclude_seen => false) r WHERE basis = 'personalized') r
  FULL JOIN expected e USING (user_id, item_id);
SELECT user_id, count(*) FILTER (WHERE l.item_id IS NOT NULL) AS seen, count(r.item_id) AS recommended
  FROM generate_series(1, 5) user_id LEFT JOIN LATERAL recsys_recommend('c', user_id, 100) r ON true
  LEFT JOIN likes l USING (user_id, item_id) GROUP BY 1 ORDER BY 1;
WITH length AS (SELECT user_id, sqrt(sum(p ^ 2)) AS length FROM profile GROUP BY 1),
expected AS (
	SELECT a.user_id AS a, b.user_id AS b, sum(a.p * b.p) / la.length / lb.length AS cosine
	  FROM profile a JOIN profile b ON a.term = b.term AND a.user_id <> b.user_id
	  JOIN length la ON la.user_id = a.user_id JOIN length lb ON lb.user_id = b.user_id GROUP BY 1, 2, la.length, lb.length),
model AS (SELECT u AS a, s.user_id AS b, s.similarity FROM generate_series(1, 5) u, recsys_similar_users('c', u, 100) s)
SELECT count(*), count(*) FILTER (WHERE similarity IS NULL OR cosine IS NULL OR abs(similarity - cosine) > 1e-6) AS wrong FROM expected FULL JOIN model USING (a, b);
-- a prediction between others is the same; of what has no text, or is not known, it is 0
SELECT recsys_predict('c', 1, 3) = a AS same FROM (SELECT recsys_predict('c', 1, 3) AS a, recsys_predict('c', 2, 3)) x, recsys_recommend('c', 2);
SELECT recsys_predict('c', 1, 4), recsys_predict('c', 1, 7), recsys_predict('c', 1, 999), recsys_predict('c', 999, 1), recsys_predict('c', 5, 1);
-- an unknown user gets what is popular: what nobody has rated is not
SELECT item_id, score, basis FROM recsys_recommend('c', 99, 100);
SELECT recsys_similar_items('c', 1, metric => 'dot');
-- ratings of 0 are no profile, negative ones turn away
CREATE TABLE moods AS SELECT user_id, item_id, rating - 3 AS rating FROM likes WHERE item_id < 9;
INSERT INTO moods VALUES (7, 1, 0), (8, 1, -1), (9, 1, 1);
SELECT items FROM recsys_train('moody', 'moods', 'content', '{"items": "films", "item_id_col": "id", "text_cols": ["title", "overview"]}');
SELECT count(*), min(basis) AS basis FROM recsys_recommend('moody', 7, 100, false);
SELECT bool_and(abs(a.score + b.score) < 1e-9) AS opposite, count(*) FROM recsys_recommend('moody', 8, 100, false) a FULL JOIN recsys_recommend('moody', 9, 100, false) b USING (item_id);
SELECT count(*) FROM recsys_similar_users('moody', 7);

-- The same for the rows in any order.
CREATE VIEW shuffled AS SELECT * FROM films ORDER BY md5(id::text);
SELECT version FROM recsys_train('other', 'likes', 'content',
	'{"items": "shuffled", "item_id_col": "id", "text_cols": ["overview", "title"], "tag_cols": ["genres"]}');
SELECT bool_and(c.data = o.data) AS same, count(*) AS parts
  FROM (SELECT * FROM c WHERE version = (SELECT max(version) FROM c) AND part <> 'header') c
  FULL JOIN (SELECT * FROM other WHERE part <> 'header') o USING (part, block);

-- Something new can be recommended when the model is trained again, under
-- whatever search path.
INSERT INTO films VALUES (20, 'Robot girl', 'A robot girl fights in a war', '{SciFi}');
SET search_path = pg_temp;
SELECT items FROM public.recsys_retrain('content.c');
SET search_path = content, public;
SELECT item_id FROM recsys_recommend('c', 1, 1);
SELECT count(*) > 0 AS similar FROM recsys_similar_items('c', 20);
SELECT options ->> 'items' AS items, options ->> 'config' AS config FROM recsys_models WHERE model = 'c'::regclass;

-- Without ratings there are similar items, and nothing to recommend.
SELECT users, items, ratings FROM recsys_train('alone', NULL, 'content', '{"items": "films", "item_id_col": "id", "text_cols": ["title", "overview"], "tag_cols": ["genres"]}');
SELECT bool_and(a.similarity = b.similarity) AS same, count(*) FROM generate_series(1, 20) id, LATERAL (
	SELECT * FROM recsys_similar_items('alone', id, 100) a FULL JOIN recsys_similar_items('c', id, 100) b USING (item_id)) x(item_id, a, b), LATERAL (SELECT x.a AS similarity) a, LATERAL (SELECT x.b AS similarity) b;
SELECT count(*) FROM recsys_recommend('alone', 1);
SELECT count(*) FROM recsys_similar_users('alone', 1);
SELECT recsys_predict('alone', 1, 1);
SELECT version, users, items FROM recsys_retrain('alone');
SELECT users, items, ratings FROM recsys_models WHERE model = 'alone'::regclass;
SELECT recsys_factors('alone', 'item');
SELECT item_knn_recommend('alone', 1);

-- Words and tags of every type of column.
CREATE TABLE shelf (name text, vector tsvector, stripped tsvector, simple varchar, csv text, bars text, js json, jsb jsonb, objects jsonb, numbers int[], kind "char");
INSERT INTO shelf VALUES
	('a', to_tsvector('simple', 'x y y'), strip(to_tsvector('simple', 'x y y')), 'x y y', 'x, y', 'x|y', '["x", "y"]', '["x", "y"]', '[{"name": "x", "id": 1}, {"name": "y"}]', '{1,2}', 'k'),
	('b', to_tsvector('simple', 'y z'), strip(to_tsvector('simple', 'y z')), 'y z', ' y ,, z', 'y| z |', '["y", null, "z"]', '["y", "z"]', '[{"name": "y"}, {"name": "z"}]', '{2,3}', 'l'),
	('c', NULL, NULL, '', '', '', 'null', '[]', NULL, '{}', NULL);
CREATE FUNCTION like_a(options jsonb, OUT similarity numeric, OUT terms text[]) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('s', NULL, 'content', '{"items": "shelf", "item_id_col": "name", "config": "simple"}' || options);
	SELECT round(s.similarity::numeric, 6) INTO similarity FROM recsys_similar_items('s', 'a') s;
	SELECT string_to_array(convert_from(substring(data FROM 33 + 4 * (1 + get_byte(data, 16))), 'UTF8'), ':') INTO terms
	  FROM s WHERE part = 'terms' AND version = (SELECT max(version) FROM s);
	DROP TABLE s;
END $$;
UPDATE shelf SET js = '[]' WHERE name = 'c';
SELECT kind, col, l.* FROM (VALUES ('text', 'vector'), ('text', 'stripped'), ('text', 'simple'), ('text', 'csv'), ('tag', 'csv'), ('tag', 'bars'), ('tag', 'js'), ('tag', 'jsb'),
	('tag', 'objects'), ('tag', 'numbers'), ('tag', 'simple'), ('tag', 'kind')) c(kind, col), like_a(jsonb_build_object(kind || '_cols', jsonb_build_array(col))) l;
-- the same tag of two columns is one, counted twice; a word is not a tag
SELECT * FROM like_a('{"tag_cols": ["csv", "bars"], "text_cols": ["simple"]}');

-- Names that need quotes, a view, text ids, a configuration of one's own.
CREATE SCHEMA "Odd ""one""";
CREATE TABLE "Odd ""one"""."The items" ("Id" uuid, "Te""xt" text);
INSERT INTO "Odd ""one"""."The items" SELECT md5(n::text)::uuid, 'word' || n % 3 || ' and the word' || n % 5 FROM generate_series(1, 30) n;
CREATE TEXT SEARCH CONFIGURATION "Odd ""one""".plain (COPY = simple);
CREATE TABLE takes AS SELECT n % 7 AS user_id, md5((n * 3)::text)::uuid AS item_id FROM generate_series(1, 10) n;
SET search_path = content, public, "Odd ""one""";
SELECT users, items FROM recsys_train('odd', 'takes', 'content', '{"items": "\"The items\"", "item_id_col": "Id", "text_cols": ["Te\"xt"], "config": "plain"}', rating_col => NULL);
SET search_path = content, public;
SELECT items FROM recsys_retrain('odd');
SELECT options ->> 'items' AS items, options ->> 'config' AS config FROM recsys_models WHERE model = 'odd'::regclass;
SELECT round(similarity::numeric, 4) AS similarity, count(*) FROM recsys_similar_items('odd', md5('15')::uuid, 100) GROUP BY 1 ORDER BY 1 DESC;

-- What can go wrong.
CREATE FUNCTION refusal(options jsonb, relation regclass = NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	code text;
	detail text;
	hint text;
BEGIN
	PERFORM recsys_train('e', relation, 'content', options);
	DROP TABLE e;
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', code || ' ' || SQLERRM, 'detail: ' || nullif(detail, ''), 'hint: ' || nullif(hint, ''));
END $$;
\pset format unaligned
\pset tuples_only on
SELECT refusal('{}');
SELECT refusal('{"items": "films"}');
SELECT refusal('{"items": "nowhere", "text_cols": ["title"]}');
SELECT refusal('{"items": "no.where", "text_cols": ["title"]}');
SELECT refusal('{"items": "", "text_cols": ["title"]}');
SELECT refusal('{"items": "a.b.c.d", "text_cols": ["title"]}');
SELECT refusal('{"items": "films; DROP TABLE films", "text_cols": ["title"]}');
SELECT refusal('{"items": "films", "text_cols": ["title"]}');
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": ["titel"]}');
SELECT refusal('{"items": "films", "item_id_col": "id", "tag_cols": ["genre"]}');
SELECT refusal('{"items": "films", "item_id_col": "genres", "text_cols": ["title"]}');
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": "title"}');
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": [1]}');
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": ["title"], "config": "klingon"}');
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": ["title"], "max_df": 0}');
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": ["title"], "min_df": 99}');
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": ["title"], "store_ratings": false}');
SELECT refusal('{"items": "films", "item_id_col": "title", "text_cols": ["title"]}', 'likes');
SELECT refusal('{"items": "shelf", "item_id_col": "name", "text_cols": ["simple"]}', 'likes');
CREATE VIEW nothing AS SELECT * FROM films WHERE false;
SELECT refusal('{"items": "nothing", "item_id_col": "id", "text_cols": ["title"]}');
SELECT refusal('{"items": "nothing", "item_id_col": "id", "text_cols": ["title"]}', 'likes');
CREATE VIEW doubled AS SELECT id / 2 AS id, title FROM films;
SELECT refusal('{"items": "doubled", "item_id_col": "id", "text_cols": ["title"]}');
CREATE VIEW unnamed AS SELECT nullif(id, 3) AS id, title FROM films;
SELECT refusal('{"items": "unnamed", "item_id_col": "id", "text_cols": ["title"]}');
CREATE VIEW tagged AS SELECT 1 AS id, '[{"id": 1}]'::jsonb AS nameless, '{"name": "x"}'::jsonb AS object, '"x"'::jsonb AS string, '[1]'::json AS numbers, '[["x"]]'::jsonb AS deep, '[{"name": 1}]'::jsonb AS number;
SELECT refusal(jsonb_build_object('items', 'tagged', 'item_id_col', 'id', 'tag_cols', jsonb_build_array(col)))
  FROM unnest('{nameless,object,string,numbers,deep,number}'::text[]) col;
SELECT refusal('{"items": "likes", "text_cols": ["rating"]}', 'likes');
SET maintenance_work_mem = '1MB';
CREATE TABLE long AS SELECT n AS id, (SELECT string_agg('w' || n * 50 + k, ' ') FROM generate_series(1, 50) k) AS text FROM generate_series(1, 2000) n;
SELECT regexp_replace(refusal('{"items": "long", "item_id_col": "id", "text_cols": ["text"]}'), '\d\d+ ?MB', 'N MB', 'g');
RESET maintenance_work_mem;

-- Rights are the caller's: to the table, its columns, its rows.
CREATE ROLE recsys_content_guest;
GRANT CREATE, USAGE ON SCHEMA content TO recsys_content_guest;
GRANT SELECT ON likes TO recsys_content_guest;
GRANT SELECT ON c TO recsys_content_guest;
SET ROLE recsys_content_guest;
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": ["title"]}', 'likes');
SELECT count(*) > 0 AS "served without a right to the films" FROM recsys_recommend('c', 1);
RESET ROLE;
GRANT SELECT (id, title) ON films TO recsys_content_guest;
SET ROLE recsys_content_guest;
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": ["title"]}', 'likes');
SELECT refusal('{"items": "films", "item_id_col": "id", "text_cols": ["title", "overview"]}', 'likes');
RESET ROLE;
ALTER TABLE films ENABLE ROW LEVEL SECURITY;
CREATE POLICY low ON films USING (id < 4);
SET ROLE recsys_content_guest;
SELECT items FROM recsys_train('guest', NULL, 'content', '{"items": "films", "item_id_col": "id", "text_cols": ["title"]}');
RESET ROLE;
-- what has gone
DROP TABLE guest, long;
DROP POLICY low ON films;
ALTER TABLE films RENAME TO movies;
SELECT recsys_retrain('alone');

-- A model that nobody's ratings are in is not damaged: it has nothing to be
-- evaluated by.
SELECT recsys_evaluate_model('alone', 'likes', rating_col => NULL);
SELECT count(*) > 0 AS serves FROM recsys_similar_items('alone', 1);

DROP SCHEMA "Odd ""one""" CASCADE;
DROP SCHEMA content CASCADE;
DROP ROLE recsys_content_guest;
