-- Principal components of factors, held against their definitions in SQL.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA principal;
SET search_path = principal, public;

CREATE TABLE ratings AS
SELECT u * 3 AS user_id, 'item ' || i AS item_id,
       1 + ((u * 7 + i * 13 + u * i) % 9) / 2.0 AS rating
  FROM generate_series(1, 90) u, generate_series(1, 50) i WHERE (u * 11 + i * 5) % 3 <> 0;
SELECT version FROM recsys_train('two', 'ratings', 'svd', '{"factors": 2, "biased": false}');
SELECT version FROM recsys_train('seven', 'ratings', 'svd', '{"factors": 7}');
SELECT version FROM recsys_train('one', 'ratings', 'svdpp', '{"factors": 1}');

-- Two factors: the eigenvalues of [a b; b d] are (a + d)/2 +- sqrt((a - d)^2/4 + b^2).
CREATE FUNCTION matches(model regclass, side text) RETURNS TABLE (closed_form bool, scores bool) LANGUAGE sql AS $$
WITH f AS (SELECT id, factors[1]::float8 AS x, factors[2]::float8 AS y FROM recsys_factors(model, side)),
m AS (SELECT var_samp(x) AS a, covar_samp(x, y) AS b, var_samp(y) AS d, avg(x) AS mean_x, avg(y) AS mean_y FROM f),
v AS (SELECT array_agg(variance ORDER BY component) AS variance, array_agg(explained ORDER BY component) AS explained,
             (array_agg(loadings[1] ORDER BY component))[1] AS lx, (array_agg(loadings[2] ORDER BY component))[1] AS ly
        FROM recsys_factor_variance(model, side))
SELECT abs(variance[1] / ((a + d) / 2 + sqrt((a - d) ^ 2 / 4 + b * b)) - 1) < 1e-9
       AND abs(variance[2] / ((a + d) / 2 - sqrt((a - d) ^ 2 / 4 + b * b)) - 1) < 1e-9
       AND abs(explained[1] - variance[1] / (a + d)) < 1e-12 AND abs(explained[1] + explained[2] - 1) < 1e-12,
       (SELECT bool_and(abs(components[1] - ((x - mean_x) * lx + (y - mean_y) * ly)) < 1e-9)
          FROM f JOIN recsys_factor_pca(model, side, 1) p USING (id))
  FROM m, v
$$;
SELECT side, m.* FROM unnest('{item,user}'::text[]) side, matches('two', side) m ORDER BY 1;

-- Any number: scores have mean 0, the variances that are told, and are
-- uncorrelated; nothing of the variance is lost; distances stay as they are.
SELECT model, side, c, abs(avg(components[c])) < 1e-9 AS centered,
       abs(var_samp(components[c]) / min(v.variance) - 1) < 1e-9 AS as_told,
       min(v.variance) <= lag(min(v.variance)) OVER w OR lag(min(v.variance)) OVER w IS NULL AS falling
  FROM (VALUES ('seven', 'item', 7), ('seven', 'user', 7), ('one', 'item', 1), ('two', 'user', 2)) q(model, side, n),
       LATERAL recsys_factor_pca(model::regclass, side, n) p, LATERAL recsys_factor_variance(model::regclass, side) v, generate_series(1, n) c
 WHERE v.component = c
 GROUP BY model, side, c WINDOW w AS (PARTITION BY model, side ORDER BY c) ORDER BY 1, 2, 3;
SELECT max(abs(corr)) < 1e-9 AS uncorrelated
  FROM (SELECT corr(components[a], components[b]) FROM recsys_factor_pca('seven', 'user', 7), generate_series(1, 7) a, generate_series(1, 7) b
         WHERE a < b GROUP BY a, b) x;
SELECT abs((SELECT sum(variance) FROM recsys_factor_variance('seven', 'user')) / sum(v) - 1) < 1e-9 AS nothing_lost
  FROM (SELECT var_samp(factors[c]::float8) AS v FROM recsys_factors('seven', 'user'), generate_series(1, 7) c GROUP BY c) x;
SELECT a.component, b.component, round(sum(x * y)::numeric, 9) + 0 AS product
  FROM recsys_factor_variance('seven') a JOIN recsys_factor_variance('seven') b ON a.component BETWEEN b.component - 1 AND b.component,
       unnest(a.loadings, b.loadings) l(x, y) GROUP BY 1, 2 ORDER BY 2, 1;
WITH f AS (SELECT id, factors FROM recsys_factors('seven', 'item')), p AS (SELECT * FROM recsys_factor_pca('seven', components => 7))
SELECT max(abs(d_factors - d_components)) < 1e-5 AS same_distances
  FROM f f1 JOIN p p1 USING (id), f f2 JOIN p p2 USING (id),
       LATERAL (SELECT sqrt(sum((x - y) ^ 2)) AS d_factors FROM unnest(f1.factors, f2.factors) v(x, y)) a,
       LATERAL (SELECT sqrt(sum((x - y) ^ 2)) AS d_components FROM unnest(p1.components, p2.components) v(x, y)) b;

-- The first components are the same however many are asked for; defaults.
SELECT count(*), bool_and(cardinality(a.components) = 2) AS two,
       max(abs(a.components[1] - b.components[1])) < 1e-9 AND max(abs(a.components[2] - b.components[2])) < 1e-9 AS same
  FROM recsys_factor_pca('seven') a JOIN recsys_factor_pca('seven', 'item', 7) b USING (id);

-- Signs: the higher the score, the higher the prediction, averaged over the
-- other side.
SELECT component, sum(l * mean) >= 0 AS upwards
  FROM recsys_factor_variance('seven', 'item'), unnest(loadings) WITH ORDINALITY AS a(l, i)
  JOIN (SELECT c AS i, avg(factors[c]::float8) AS mean FROM recsys_factors('seven', 'user'), generate_series(1, 7) c GROUP BY 1) m USING (i)
 GROUP BY 1 ORDER BY 1;

-- Nothing varies: no share can be told.
CREATE TABLE single AS SELECT 1 AS user_id, 1 AS item_id, 3 AS rating;
SELECT version FROM recsys_train('flat', 'single', 'svd', '{"factors": 2}');
SELECT * FROM recsys_factor_pca('flat');
SELECT component, variance, explained FROM recsys_factor_variance('flat');

-- Errors.
SELECT version FROM recsys_train('baseline', 'ratings', 'baseline_als');
SELECT version FROM recsys_train('neighbors', 'ratings', 'item_knn');
SELECT recsys_factor_pca('two', components => 3);
SELECT recsys_factor_pca('two', components => 0);
SELECT recsys_factor_pca('two', 'items');
SELECT recsys_factor_variance('two', 'usr');
SELECT recsys_factor_pca('baseline');
SELECT recsys_factor_variance('baseline');
SELECT recsys_factor_pca('neighbors', components => 1);
SELECT recsys_factor_pca('ratings');
SELECT recsys_factor_pca('two', components => NULL), recsys_factor_variance(NULL);
SELECT version FROM recsys_train('long', 'ratings', 'svd', '{"factors": 600, "iterations": 1}');
SET maintenance_work_mem = '1MB';
SELECT recsys_factor_pca('long');
RESET maintenance_work_mem;
SELECT count(*) FROM recsys_factor_pca('long', 'user', 600);

DROP SCHEMA principal CASCADE;
