-- One model of every algorithm, on a few made-up ratings, and of every kind of
-- id: what tests carry to another server, or to another version of recsys.  All
-- is in the schema models; the extension is there already, in the search path.
-- A model is named after its algorithm.

CREATE SCHEMA models;

CREATE TABLE models.ratings AS
SELECT u AS user_id, i AS item_id, (1 + (7 * u * u + 13 * i + 3 * u * i) % 5)::real AS rating
  FROM generate_series(1, 8) u, generate_series(1, 8) i
 WHERE (u * u + 3 * i * i + 5 * u * i) % 11 < 6;

CREATE TABLE models.items AS
SELECT i AS item_id,
       'a ' || (ARRAY['quiet', 'loud', 'long'])[1 + i % 3] || ' film of ' || (ARRAY['ships', 'cats'])[1 + i % 2] AS words,
       ARRAY['tag ' || i % 4] AS tags
  FROM generate_series(1, 8) i;

-- The ids of users and items, by number, in a model of that name.
CREATE FUNCTION models.user_named(model text, number int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN model LIKE '%\_texts' THEN 'user ' || number
            WHEN model LIKE '%\_uuids' THEN '00000000-0000-0000-0000-' || lpad(number::text, 12, '0')
            ELSE number::text END
$$;
CREATE FUNCTION models.item_named(model text, number int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN model LIKE '%\_texts' THEN 'Ärger “' || number || '”'
            WHEN model LIKE '%\_uuids' THEN (-number::bigint << 40)::text
            ELSE number::text END
$$;
CREATE VIEW models.source_texts AS
SELECT models.user_named('_texts', user_id) AS user_id, models.item_named('_texts', item_id) AS item_id, rating FROM models.ratings;
CREATE VIEW models.source_uuids AS
SELECT models.user_named('_uuids', user_id)::uuid AS user_id, models.item_named('_uuids', item_id)::bigint AS item_id, rating FROM models.ratings;

-- What an algorithm cannot do without; small vectors for all that have them.
CREATE FUNCTION models.options_of(algorithm text) RETURNS jsonb LANGUAGE sql AS $$
SELECT CASE algorithm
       WHEN 'content' THEN '{"items": "models.items", "text_cols": ["words"], "tag_cols": ["tags"]}'
       WHEN 'hybrid' THEN '{"components": [{"algorithm": "als", "options": {"factors": 3}, "weight": 2},
                                           {"algorithm": "item_knn", "weight": 1},
                                           {"algorithm": "ease", "weight": 1}]}'
       ELSE '{}'
       END::jsonb ||
       CASE WHEN a.options @> '[{"name": "factors"}]' THEN '{"factors": 3}' ELSE '{}' END::jsonb
  FROM recsys_algorithms a WHERE a.name = algorithm
$$;

-- The items like one; the error, where a model has none.
CREATE FUNCTION models.similar_to(model regclass, item text)
RETURNS TABLE (item_id text, similarity float8, error text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT s.item_id, s.similarity, '' FROM recsys_similar_items(model, item, 100) s;
EXCEPTION WHEN OTHERS THEN
	RETURN QUERY SELECT '', NULL::float8, SQLSTATE::text;
END
$$;

-- All that the models give: their headers and logs; lists of all items for every
-- second user and for a stranger, predictions, similar items.  Ids are given as text,
-- which goes with every kind of model.
CREATE FUNCTION models.serving()
RETURNS TABLE (model text, what text, user_id text, item_id text, note text, value float8) LANGUAGE sql AS $$
WITH model AS MATERIALIZED (
	SELECT m.*, c.relname::text AS name, coalesce((m.options ->> 'store_ratings')::bool, true) AS has_seen
	  FROM recsys_models m JOIN pg_class c ON c.oid = m.model
	 WHERE c.relnamespace = 'models'::regnamespace),
u AS MATERIALIZED (SELECT model.*, models.user_named(name, n) AS id FROM model, generate_series(1, 9, 2) n),
i AS MATERIALIZED (SELECT model.*, models.item_named(name, n) AS id FROM model, generate_series(1, 9, 2) n)
SELECT name, 'header', '', '', concat_ws(' ', algorithm, version, users, items, ratings, trained_at AT TIME ZONE 'UTC'), NULL::float8
  FROM model
UNION ALL
SELECT name, 'log', '', '', l.iteration || ' ' || l.seconds, l.loss FROM model, recsys_training_log(model.model) l
UNION ALL
SELECT u.name, 'list', u.id, r.item_id, r.basis, r.score FROM u, recsys_recommend(u.model, u.id, 100, u.has_seen) r
UNION ALL
SELECT u.name, 'prediction', u.id, i.id, '', recsys_predict(u.model, u.id, i.id) FROM u JOIN i USING (name)
UNION ALL
SELECT i.name, 'similar', i.id, s.item_id, s.error, s.similarity FROM i, models.similar_to(i.model, i.id) s
$$;

-- A model of every algorithm, and more where options make another form.
SELECT count(*) FILTER (WHERE t.version = 1) AS trained
  FROM (
	SELECT name, 'ratings' AS source, name AS algorithm, models.options_of(name) AS options FROM recsys_algorithms
	UNION ALL
	VALUES ('item_knn_lists', 'ratings', 'item_knn', '{"neighbors": 4, "score": "sum"}'::jsonb),
		   ('user_knn_lists', 'ratings', 'user_knn', '{"neighbors": 4, "similarity": "pearson_baseline"}'),
		   ('popular_weighted', 'ratings', 'popular', '{"score": "weighted"}'),
		   ('als_unstored', 'ratings', 'als', '{"factors": 3, "store_ratings": false}'),
		   ('als_seen', 'ratings', 'als', '{"factors": 3, "min_value": 3}'),
		   ('ease_lists', 'ratings', 'ease', '{"k": 3}'),
		   ('hybrid_forms', 'ratings', 'hybrid', '{"components": [
				{"algorithm": "slope_one"}, {"algorithm": "co_clustering"}, {"algorithm": "popular"}, {"algorithm": "normal"}, {"algorithm": "slim"},
				{"algorithm": "user_knn", "options": {"neighbors": 4, "similarity": "pearson_baseline"}},
				{"algorithm": "content", "options": {"items": "models.items", "text_cols": ["words"], "tag_cols": ["tags"]}}]}'),
		   ('als_texts', 'source_texts', 'als', '{"factors": 3}'),
		   ('item_knn_texts', 'source_texts', 'item_knn', '{"neighbors": 4}'),
		   ('ials_uuids', 'source_uuids', 'ials', '{"factors": 3}')) m,
	   recsys_train('models.' || m.name, 'models.' || m.source, m.algorithm, m.options) t;
