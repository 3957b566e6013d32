-- Training that would leave a model that nobody can read, or whose scores are
-- not numbers, ends in an error and leaves the version that was there.
SET client_min_messages = warning;
CREATE SCHEMA divergence;
SET search_path = divergence, public;

CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id, (1 + (u * 7 + i * i) % 5)::float8 AS rating
  FROM generate_series(1, 8) u, generate_series(1, 9) i WHERE (u + i) % 4 <> 0;
CREATE TABLE good AS SELECT * FROM ratings;
CREATE TABLE huge AS SELECT user_id, item_id, rating * 1e30 AS rating FROM ratings;
CREATE TABLE tiny AS SELECT user_id, item_id, rating * 1e-38 AS rating FROM ratings;
CREATE TABLE edge AS SELECT user_id, item_id, CASE WHEN item_id % 2 = 0 THEN 3.4e38 ELSE -3.4e38 END AS rating FROM ratings;
-- what becomes of a model when it is trained on other rows
CREATE FUNCTION train_again(relation regclass, algorithm text, options jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
	before float8[];
	result text := 'trained';
BEGIN
	DROP TABLE IF EXISTS m;
	PERFORM recsys_train('m', 'divergence.good', algorithm, options || '{"keep_versions": 1}');
	before := ARRAY(SELECT score FROM recsys_recommend('m', 1, 20));
	BEGIN
		PERFORM recsys_train('m', relation, algorithm, options || '{"keep_versions": 1}');
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		result := concat_ws(' ', SQLSTATE, SQLERRM, '/', detail, '/', hint);
	END;
	IF result <> 'trained' AND before <> ARRAY(SELECT score FROM recsys_recommend('m', 1, 20)) THEN
		result := result || ' THE OLD VERSION HAS GONE';
	END IF;
	RETURN result;
END
$$;

-- Weights that are not dense.
SELECT a, o, train_again('huge', a, o::jsonb) FROM unnest('{item_knn,user_knn}'::text[]) a,
	   unnest(ARRAY['{"similarity": "dot", "neighbors": 5}', '{"similarity": "dot", "neighbors": 0}', '{"similarity": "cosine", "neighbors": 5}']) o;
SELECT train_again('tiny', 'rp3beta', '{"beta": 10}');
SELECT train_again('huge', 'hybrid', '{"components": [{"algorithm": "popular"}, {"algorithm": "item_knn", "options": {"similarity": "dot", "neighbors": 5}}]}');
-- Scores that are not finite though all that is written is.
SELECT o, train_again('edge', 'slope_one', o::jsonb) FROM unnest(ARRAY['{}', '{"weighted": true}']) o;
SELECT train_again('edge', 'hybrid', '{"normalize": "none", "components": [{"algorithm": "slope_one"}, {"algorithm": "popular"}]}');
SELECT recsys_evaluate('edge', 'slope_one');
SELECT fold FROM recsys_cross_validate('edge', 'slope_one', folds => 2);

-- Every algorithm, on all that is extreme: an error that says so, or a model
-- all of whose answers are numbers.
CREATE TABLE same AS SELECT user_id, item_id, 3e38 AS rating FROM ratings;
CREATE TABLE denormal AS SELECT user_id, item_id, rating * 1e-44 AS rating FROM ratings;
CREATE TABLE outlier AS SELECT user_id, item_id, CASE WHEN user_id = 1 AND item_id = 1 THEN 3e38 ELSE item_id * 1e-40 END AS rating FROM ratings;
CREATE TABLE one_user AS SELECT * FROM huge WHERE user_id = 1;
CREATE TABLE one_item AS SELECT * FROM huge WHERE item_id = 1;
CREATE TABLE one_row AS SELECT * FROM huge WHERE item_id = 1 AND user_id = 1;
CREATE FUNCTION numbers(relation regclass, algorithm text, options jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	DROP TABLE IF EXISTS m;
	BEGIN
		PERFORM recsys_train('m', relation, algorithm, options);
	EXCEPTION WHEN numeric_value_out_of_range OR invalid_parameter_value THEN
		RETURN 'error';
	END;
	SELECT string_agg(DISTINCT CASE WHEN score::text ~ 'NaN|Infinity' THEN score::text ELSE 'numbers' END, ' ') INTO result FROM (
		SELECT score FROM generate_series(0, 8) u, recsys_recommend('m', u, 20, false)
		UNION ALL SELECT recsys_predict('m', u, i) FROM generate_series(0, 8) u, generate_series(0, 9) i
		UNION ALL SELECT score FROM recsys_recommend_all('m', 20, false)) s;
	RETURN coalesce(result, 'nothing');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SET client_min_messages = error;
SELECT r AS relation, string_agg(DISTINCT n, ', ') AS said
  FROM unnest('{huge,tiny,edge,same,denormal,outlier,one_user,one_item,one_row}'::regclass[]) r,
	   (SELECT name, '{}'::jsonb FROM recsys_algorithms WHERE name NOT IN ('content', 'hybrid')
		UNION ALL SELECT a, jsonb_build_object('similarity', s, 'neighbors', n, 'score', c)
		  FROM unnest('{item_knn,user_knn}'::text[]) a, unnest('{cosine,dot}'::text[]) s, unnest('{0,5}'::int[]) n, unnest('{sum,zscore}'::text[]) c
		UNION ALL VALUES ('hybrid', '{"normalize": "none", "components": [{"algorithm": "slope_one", "weight": 1e9}, {"algorithm": "popular", "weight": 1e9}]}'::jsonb),
			('hybrid', '{"components": [{"algorithm": "item_knn", "weight": 1e9}, {"algorithm": "svd", "weight": 1}]}')) a(name, options),
	   numbers(r, a.name, a.options) n
 GROUP BY 1 ORDER BY 1;

SET client_min_messages = warning;
-- Straight from a table.
SELECT string_agg(DISTINCT CASE WHEN score::text ~ 'NaN|Infinity' THEN score::text ELSE 'numbers' END, ' ')
  FROM unnest('{huge,tiny,edge,same,denormal,outlier}'::regclass[]) r, unnest('{cosine,dot,pearson,msd,pearson_baseline,lift}'::text[]) s,
	   unnest('{sum,weighted_mean,average,centered,zscore,baseline}'::text[]) c, generate_series(1, 3) u,
	   LATERAL (SELECT score FROM item_knn_recommend(r, u, 20, s, score => c, exclude_seen => false)
				UNION ALL SELECT score FROM user_knn_recommend(r, u, 20, s, score => c, exclude_seen => false)
				UNION ALL SELECT similarity FROM similar_items(r, u, 20, s) UNION ALL SELECT similarity FROM similar_users(r, u, 20, s)) x;

DROP SCHEMA divergence CASCADE;
