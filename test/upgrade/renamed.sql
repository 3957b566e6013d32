-- Models with options that have been renamed since, by the names of then and with
-- values that are not the defaults: training them again must find them.  To be
-- run after models.sql; these models are named after their algorithm, too.

SELECT count(*) FILTER (WHERE t.version = 1) AS trained
  FROM (VALUES
		('als', '{"factors": 3, "init_sd": 0.3, "validation": 0.2, "patience": 2}'::jsonb),
		('baseline_als', '{"reg_i": 3, "reg_u": 4, "validation": 0.3}'),
		('baseline_sgd', '{"validation": 0.3}'),
		('bpr', '{"factors": 3, "init_sd": 0.3}'),
		('co_clustering', '{"validation": 0.2}'),
		('ease', '{"presence": true}'),
		('gradient', '{"factors": 3, "init_sd": 0.3, "validation": 0.2}'),
		('hybrid', '{"fit_share": 0.3, "components": [
			{"algorithm": "slim", "options": {"l1": 0.1, "l2": 3, "presence": true}},
			{"algorithm": "item_knn", "options": {"similarity": "pearson_baseline", "score": "baseline", "reg_i": 2, "reg_u": 30}}]}'),
		('ials', '{"factors": 3, "init_sd": 0.3}'),
		('item_knn', '{"similarity": "pearson_baseline", "score": "baseline", "reg_i": 2, "reg_u": 30}'),
		('logistic_mf', '{"factors": 3, "init_sd": 0.3}'),
		('nmf', '{"factors": 3, "biased": true, "reg_user": 0.2, "reg_item": 0.3, "reg_user_bias": 2, "reg_item_bias": 3, "validation": 0.2}'),
		('slim', '{"l1": 0.1, "l2": 3, "presence": true}'),
		('svd', '{"factors": 3, "init_sd": 0.3, "validation": 0.2}'),
		('svdpp', '{"factors": 3, "init_sd": 0.3, "validation": 0.2}'),
		('user_knn', '{"similarity": "pearson_baseline", "score": "baseline", "reg_i": 2, "reg_u": 30, "neighbors": 4}')) m (algorithm, options),
	   recsys_train('models.' || m.algorithm || '_renamed', 'models.ratings', m.algorithm, m.options) t;
