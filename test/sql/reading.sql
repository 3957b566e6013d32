-- Reading: a plain table is scanned directly, by as many processes as it is worth;
-- everything else is read by a query.  Both make the same matrix.
SET client_min_messages = warning;
SET min_parallel_table_scan_size = 0;	-- so that this table is worth several
SET recsys.ratings_per_worker = 1000000;
CREATE SCHEMA reading;
SET search_path = reading, public;

-- Columns of all types that can be read directly, and some that cannot; with
-- one dropped, one added later, rows without a rating, and long ids.
CREATE TABLE ratings (
	small_id int2, gone text, id int, big_id int8, name text, short_name varchar(20), padded char(10), code uuid,
	small_rating int2, rating int, big_rating int8, single_rating float4, double_rating float8, exact_rating numeric(6, 3));
INSERT INTO ratings
SELECT u, 'gone', i - 20, i * 10000000000, 'item ' || i || CASE WHEN i % 7 = 0 THEN repeat('x' || i, 3000) ELSE '' END, 'i' || i % 90,
       'p' || i, md5(i::text)::uuid, v, v, v, v * .37, v * .37, v * .37
  FROM generate_series(1, 150) u, generate_series(1, 120) i, LATERAL (SELECT nullif((u * 7 + i * 13 + u * i) % 9, 8) - 2 AS v) r
 WHERE (u * 11 + i * 5) % 3 <> 0;
ALTER TABLE ratings DROP COLUMN gone, ADD COLUMN later int8 DEFAULT 7;
CREATE VIEW view AS SELECT * FROM ratings;

CREATE FUNCTION digest(model regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('SELECT md5(string_agg(md5(data), %L ORDER BY part, block)) FROM %s WHERE part <> %L', ',', model, 'header') INTO result;
	RETURN result;
END $$;
CREATE FUNCTION read(relation text, workers int, user_col text, item_col text, rating_col text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	PERFORM set_config('max_parallel_maintenance_workers', workers::text, true);
	PERFORM recsys_train('m', relation::regclass, 'item_knn', '{"score": "sum", "neighbors": 5, "duplicates": "mean"}', user_col, item_col, rating_col);
	result := digest('m');
	DROP TABLE m;
	RETURN result;
END $$;
SELECT user_col, item_col, rating_col, count(DISTINCT read(relation, workers, user_col, item_col, rating_col)) AS matrices
  FROM (VALUES ('small_id', 'id', 'rating'), ('small_id', 'big_id', 'small_rating'), ('id', 'small_id', 'big_rating'),
               ('small_id', 'name', 'single_rating'), ('name', 'short_name', 'double_rating'), ('short_name', 'small_id', 'exact_rating'),
               ('small_id', 'padded', 'rating'), ('code', 'id', 'rating'), ('small_id', 'id', 'later'), ('small_id', 'name', NULL)) c(user_col, item_col, rating_col),
       (VALUES ('view', 0), ('ratings', 0), ('ratings', 1), ('ratings', 3)) r(relation, workers)
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- Every row is read, and once.
SET max_parallel_maintenance_workers = 2;
SELECT ratings = (SELECT count(rating) FROM ratings) AS all_read FROM recsys_train('m', 'ratings', 'baseline_als', '{}', 'small_id', 'id');

-- What is wrong is counted over all processes, as by a query.
CREATE FUNCTION problem(relation text, workers int, user_col text, item_col text, rating_col text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	PERFORM read(relation, workers, user_col, item_col, rating_col);
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN replace(sqlerrm || ': ' || detail, 'reading.' || relation, 'R');
END $$;
UPDATE ratings SET big_id = NULL WHERE small_id % 50 = 1;
UPDATE ratings SET name = NULL WHERE small_id % 50 = 1 AND id > 50;
UPDATE ratings SET double_rating = 'NaN' WHERE id = 3;
UPDATE ratings SET exact_rating = 'NaN' WHERE id = 4;
UPDATE ratings SET single_rating = '-Infinity' WHERE id = 5;
SELECT problem('view', 0, u, i, r) AS problem,
       bool_and(problem('ratings', workers, u, i, r) = problem('view', 0, u, i, r)) AS same
  FROM (VALUES ('big_id', 'name', 'rating'), ('small_id', 'id', 'double_rating'), ('small_id', 'id', 'exact_rating'),
               ('small_id', 'id', 'single_rating'), ('small_id', 'big_id', NULL)) c(u, i, r), unnest('{0,1,2,3}'::int[]) workers
 GROUP BY 1 ORDER BY 1;
-- Too little memory: the error counts every row, whoever has read it.
CREATE TABLE many AS SELECT n % 1000 AS user_id, n / 1000 AS item_id, 1 + n % 5 AS rating FROM generate_series(0, 199999) n;
SET maintenance_work_mem = '1MB';
SELECT workers, problem('many', workers, 'user_id', 'item_id', 'rating') ~ '200000 ratings' AS counted
  FROM unnest('{0,1,3}'::int[]) workers;
RESET maintenance_work_mem;

-- Nobody reads more than a query would let him.
CREATE ROLE recsys_regress_reader;
GRANT ALL ON SCHEMA reading TO recsys_regress_reader;
SET ROLE recsys_regress_reader;
SELECT FROM recsys_train('mine', 'ratings', 'als', '{}', 'small_id', 'id');
RESET ROLE;
GRANT SELECT (small_id, id) ON ratings TO recsys_regress_reader;
SET ROLE recsys_regress_reader;
SELECT FROM recsys_train('mine', 'ratings', 'als', '{}', 'small_id', 'id');
SELECT users, items FROM recsys_train('mine', 'ratings', 'item_knn', '{}', 'small_id', 'id', NULL);
RESET ROLE;
ALTER TABLE ratings ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON ratings FOR SELECT TO recsys_regress_reader USING (small_id <= 10);
SET ROLE recsys_regress_reader;
SELECT users, items FROM recsys_train('mine', 'ratings', 'item_knn', '{}', 'small_id', 'id', NULL);
RESET ROLE;
SELECT users, items FROM recsys_train('all_of_it', 'ratings', 'item_knn', '{}', 'small_id', 'id', NULL);

-- Children are read too, rows of the own transaction are seen, those deleted are
-- not; and other kinds of relation.
CREATE TABLE parent (user_id int, item_id int, rating int);
INSERT INTO parent SELECT u, i, 1 + (u * i) % 5 FROM generate_series(1, 30) u, generate_series(1, 20) i;
SELECT ratings FROM recsys_train('p', 'parent', 'als');
CREATE TABLE child () INHERITS (parent);
INSERT INTO child SELECT u, i, 1 + (u * i) % 5 FROM generate_series(31, 40) u, generate_series(1, 20) i;
SELECT ratings FROM recsys_train('p', 'parent', 'als');
BEGIN;
DELETE FROM child WHERE user_id > 35;
INSERT INTO child VALUES (99, 1, 1), (99, 2, 2);
SELECT ratings FROM recsys_train('p', 'child', 'als');
ROLLBACK;
SELECT ratings FROM recsys_train('p', 'child', 'als');
CREATE TEMP TABLE passing AS SELECT * FROM parent;
SELECT ratings FROM recsys_train('p', 'passing', 'als');
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM parent;
SELECT ratings FROM recsys_train('p', 'unlogged', 'als');
CREATE MATERIALIZED VIEW kept AS SELECT * FROM parent;
SELECT ratings FROM recsys_train('p', 'kept', 'als');
CREATE TABLE generated (user_id int, item_id int, stars int, rating float8 GENERATED ALWAYS AS (stars / 2.0) STORED);
INSERT INTO generated SELECT * FROM parent;
SELECT ratings FROM recsys_train('p', 'generated', 'baseline_als');
SELECT recsys_predict('p', -1, -1) = avg(rating) AS mean FROM generated;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT ratings FROM recsys_train('p', 'parent', 'als');
COMMIT;

DROP SCHEMA reading CASCADE;
DROP ROLE recsys_regress_reader;

-- Integers are looked up by position or by hash, and go from one to the other
-- as there are more of them: small and large, negative and not, falling and
-- rising, each is one id.
CREATE TABLE ids AS
SELECT CASE n % 4 WHEN 0 THEN 90000 - n WHEN 1 THEN n * 1000003::bigint WHEN 2 THEN -n ELSE n * 7 END AS user_id,
       n % 977 * n % 60013 AS item_id, 1 AS rating
  FROM generate_series(1, 80000) n;
INSERT INTO ids SELECT user_id, -item_id, 2 FROM ids ORDER BY user_id DESC;
SET client_min_messages = warning;
SELECT t.users = count(DISTINCT user_id) AS users, t.items = count(DISTINCT item_id) AS items,
       t.ratings = count(DISTINCT (user_id, item_id)) AS ratings
  FROM ids, recsys_train('m', 'ids', 'item_knn', '{"neighbors": 0}') t GROUP BY t.users, t.items, t.ratings;
SELECT count(*) FROM recsys_similar_items('m', 976) s
 WHERE NOT EXISTS (SELECT FROM ids a JOIN ids b USING (user_id) WHERE a.item_id = 976 AND b.item_id = s.item_id);
DROP TABLE ids, m;
