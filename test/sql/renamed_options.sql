-- Options that have been renamed: the old name does what the new one does, and says so.
CREATE SCHEMA renamed_options;
SET search_path = renamed_options, public;
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, (1 + (u * 7 + i * 5 + u * i) % 5)::float8 AS rating
  FROM generate_series(1, 40) u, generate_series(1, 25) i WHERE (u * 13 + i * 7 + u * i) % 3 = 0;

-- All of them, with values that are not the default.
CREATE TABLE renamed (algorithm text, old_name text, new_name text, value jsonb, other jsonb);
INSERT INTO renamed
SELECT a, o, n, v::jsonb, coalesce(x, '{}')::jsonb || CASE WHEN a IN ('svd', 'svdpp', 'als', 'ials', 'bpr', 'logistic_mf', 'gradient', 'nmf') THEN '{"factors": 4, "iterations": 3}' ELSE '{}' END::jsonb
  FROM (VALUES ('baseline_als', 'reg_i', 'item_regularization', '3', NULL), ('baseline_als', 'reg_u', 'user_regularization', '4', NULL),
               ('item_knn', 'reg_i', 'item_regularization', '3', '{"similarity": "pearson_baseline", "score": "baseline"}'),
               ('user_knn', 'reg_u', 'user_regularization', '4', '{"similarity": "pearson_baseline", "score": "baseline"}'),
               ('nmf', 'reg_user', 'user_regularization', '0.3', NULL), ('nmf', 'reg_item', 'item_regularization', '0.4', NULL),
               ('nmf', 'reg_user_bias', 'user_bias_regularization', '3', '{"biased": true}'),
               ('nmf', 'reg_item_bias', 'item_bias_regularization', '4', '{"biased": true}'),
               ('slim', 'l1', 'l1_regularization', '0.2', NULL), ('slim', 'l2', 'regularization', '5', NULL),
               ('slim', 'presence', 'binary', 'true', NULL), ('ease', 'presence', 'binary', 'true', NULL),
               ('hybrid', 'fit_share', 'validation_fraction', '0.3', NULL)) v (a, o, n, v, x)
UNION ALL
SELECT a, 'init_sd', 'init_stddev', '0.03', '{"factors": 4, "iterations": 3}' FROM unnest('{svd,svdpp,als,ials,bpr,logistic_mf,gradient}'::text[]) a
UNION ALL
SELECT a, 'validation', 'validation_fraction', '0.4', '{"iterations": 9, "patience": 1}'
  FROM unnest('{svd,svdpp,als,nmf,gradient,co_clustering,baseline_als,baseline_sgd}'::text[]) a;

-- The blocks of a model and its options.
CREATE FUNCTION content_of(model regclass, OUT blocks text, OUT options jsonb) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT md5(string_agg(part || block || md5(data), '','' ORDER BY part, block)) FROM %s WHERE part <> ''header''', model) INTO blocks;
	SELECT m.options INTO options FROM recsys_models m WHERE m.model = content_of.model;
END $$;
CREATE FUNCTION blocks_by(algorithm text, options jsonb, OUT blocks text, OUT known jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('m', 'ratings', algorithm, options);
	SELECT * INTO blocks, known FROM content_of('m');
	DROP TABLE m;
END $$;
SET client_min_messages = warning;
SELECT algorithm, old_name, new_name, a.blocks = b.blocks AND a.known = b.known AS same, a.known -> new_name = value AS taken, a.known ? old_name AS kept_old_name
  FROM renamed r, blocks_by(algorithm, other || jsonb_build_object(old_name, value)) a,
       blocks_by(algorithm, other || jsonb_build_object(new_name, value)) b
 ORDER BY 1, 2;
-- No algorithm has been forgotten here, and no old name is shown.
SELECT a.name, o ->> 'name' AS option FROM recsys_algorithms a, jsonb_array_elements(a.options) o
 WHERE (o ->> 'name' IN (SELECT new_name FROM renamed WHERE new_name <> 'regularization')
        AND NOT EXISTS (SELECT FROM renamed r WHERE r.algorithm IN (a.name, replace(a.name, 'user_knn', 'item_knn'), replace(a.name, 'item_knn', 'user_knn'))
                                                AND r.new_name = o ->> 'name'))
    OR o ->> 'name' IN (SELECT old_name FROM renamed);

-- One notice for all of them; none for the new names.
SET client_min_messages = notice;
SELECT version FROM recsys_train('m', 'ratings', 'ease', '{"presence": true}');
SELECT version FROM recsys_train('m', 'ratings', 'ease', '{"binary": true}');
SELECT version FROM recsys_train('m', 'ratings', 'slim', '{"l1": 0.1, "l2": null, "k": 10}');
SELECT recsys_cross_validate('ratings', 'baseline_als', '{"reg_u": 5, "reg_i": 5}', 2) IS NOT NULL AS measured;
SELECT count(*) > 0 AS measured FROM recsys_evaluate('ratings', 'ease', '{"presence": true}');
SELECT version FROM mf_train('m', 'ratings', 'als', 4, 2, options => '{"init_sd": 0.2}');
-- A grid has one, and its options are as they were given.
SELECT options FROM recsys_grid_search('ratings', 'nmf', '{"reg_user": [0.1, 0.2], "reg_item": [0.3], "factors": [2], "iterations": [2]}') ORDER BY options;
SELECT count(*) FROM recsys_grid_search('ratings', 'hybrid', '{"components": [[{"algorithm": "ease", "options": {"presence": true}, "weight": 1}], [{"algorithm": "ease", "options": {"presence": false}, "weight": 1}]], "normalize": "none"}', 'ndcg');
-- A component says which it is of.
\set SHOW_CONTEXT always
SELECT version FROM recsys_train('h', 'ratings', 'hybrid', '{"components": [{"algorithm": "baseline_als", "weight": 1}, {"algorithm": "slim", "options": {"l1": 0.1, "presence": true}, "weight": 1}]}');
\set SHOW_CONTEXT errors
-- A model has its options by their new names: training it again with them is silent.
SELECT t.version FROM recsys_models m, recsys_train('h', 'ratings', 'hybrid', m.options || '{"components": [{"algorithm": "ease"}]}') t WHERE m.model = 'h'::regclass;
SELECT t.version FROM recsys_models m, recsys_train('m', 'ratings', m.algorithm, m.options) t WHERE m.model = 'm'::regclass;

-- Both names are one too many, and nobody takes the old name of another's option.
SELECT recsys_train('m', 'ratings', 'ease', '{"presence": true, "binary": true}');
SELECT recsys_train('m', 'ratings', 'ease', '{"presence": null, "binary": true}');
SELECT recsys_train('m', 'ratings', 'hybrid', '{"components": [{"algorithm": "slim", "options": {"l2": 1, "regularization": 1}}]}');
SELECT recsys_grid_search('ratings', 'nmf', '{"reg_user": [0.1], "user_regularization": [0.1]}');
SELECT recsys_train('m', 'ratings', 'als', '{"l2": 1}');
SELECT recsys_train('m', 'ratings', 'nmf', '{"reg_i": 1}');
SELECT recsys_train('m', 'ratings', 'hybrid', '{"validation": 0.1}');
SELECT recsys_train('m', 'ratings', 'svd', '{"fit_share": 0.1}');
SELECT recsys_train('m', 'ratings', 'ials', '{"validation": 0.1}');
-- What is wrong with a value is said by the new name.
SELECT recsys_train('m', 'ratings', 'ease', '{"presence": 1}');
SELECT recsys_train('m', 'ratings', 'slim', '{"l1": -1}');
SET client_min_messages = warning;
DROP SCHEMA renamed_options CASCADE;
