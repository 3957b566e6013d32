-- What the benchmark needs besides the data: samples, and ways to take them.
CREATE EXTENSION recsys;
CREATE SCHEMA bench;
CREATE TABLE bench.sample (job text, seconds float8);
CREATE TABLE bench.growth (
	algorithm text, ratings bigint, iteration_seconds float8, read_seconds float8, train_rmse float8);
CREATE TABLE bench.memory (algorithm text, options jsonb, ratings bigint, predicted float8, bytes float8);
CREATE TABLE bench.ranking_goal (
	place serial, data_set text, recent bool, algorithm text, options jsonb,
	at_least float8, ndcg_at_least float8, shown bool DEFAULT true);
CREATE TABLE bench.ranking (place int, hits float8, ndcg float8, seconds float8);

-- Run a statement several times and keep how long each run took.
CREATE PROCEDURE bench.measure(job text, statement text, runs int) LANGUAGE plpgsql AS $$
DECLARE start timestamptz;
BEGIN
	SET LOCAL client_min_messages = warning;
	FOR i IN 1 .. runs LOOP
		start := clock_timestamp();
		EXECUTE statement;
		INSERT INTO bench.sample VALUES (job, extract(epoch FROM clock_timestamp() - start));
	END LOOP;
END $$;

-- Seconds of each iteration of a model's training but the first, which has
-- the reading of the table in it.
CREATE FUNCTION bench.iterations(model regclass) RETURNS SETOF float8 LANGUAGE sql AS $$
	SELECT seconds - previous
	  FROM (SELECT seconds, lag(seconds) OVER (ORDER BY iteration) AS previous
	          FROM recsys_training_log(model)) l
	 WHERE previous IS NOT NULL $$;

-- Ratings with the popularity of items falling like a power, and a planted
-- signal: two features a user and an item, and noise.
CREATE FUNCTION bench.generate(relation regclass, users int, items int, ratings bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM setseed(.5);
	EXECUTE format($q$
		INSERT INTO %s
		SELECT u, i, greatest(1, least(5, round((3.5 + sin(u) * sin(i * 1.7) + cos(u * 2.3) * cos(i) * .8
		                                          + (random() - .5) * 2)::numeric))), 0
		  FROM (SELECT DISTINCT 1 + floor(random() ^ 1.5 * $1)::int AS u, 1 + floor(random() ^ 2.5 * $2)::int AS i
		          FROM generate_series(1, $3 * 13 / 10)) p
		 LIMIT $3 $q$, relation) USING users, items, ratings;
END $$;
