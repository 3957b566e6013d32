# The examples of an article on recommendations, on the data that it has them
# on: ratings of movies, and descriptions of the first thousand.  A list by
# weighted rating, similar movies by their texts, recommendations from a user's
# profile, and the long tail cut off; each held against plain SQL.  The data may
# not be shipped: skipped where they are not at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = ($ENV{RECSYS_DATA} // '') . '/movies-dataset';
plan skip_all => 'RECSYS_DATA is not there'
  unless -f "$data/movies_metadata.partial.csv.gz"
  && -f "$data/ratings_small.csv.gz";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "maintenance_work_mem = '256MB'");
$node->start;

sub sql
{
	return $node->safe_psql('postgres', shift) =~ s/^\s+//r;
}

# Lists of genres are written as Python does: [{'id': 16, 'name': 'Animation'}].
my $columns = join ', ', map { "$_ text" }
  split /,/, `zcat '$data/movies_metadata.partial.csv.gz' | head -n 1` =~ s/\s+$//r;
sql(qq(
	CREATE EXTENSION recsys;
	CREATE TABLE metadata ($columns);
	\\copy metadata FROM PROGRAM 'zcat $data/movies_metadata.partial.csv.gz' (FORMAT csv, HEADER)
	CREATE TABLE ratings (user_id int, movie_id int, rating float8, rated_at bigint);
	\\copy ratings FROM PROGRAM 'zcat $data/ratings_small.csv.gz' (FORMAT csv, HEADER)
	CREATE TABLE movies AS
	SELECT id::int, title, overview, replace(genres, '''', '"')::jsonb AS genres,
	       ARRAY(SELECT g[1] FROM regexp_matches(genres, '''name'': ''([^'']*)''', 'g') g) AS genre_names
	  FROM metadata;
	VACUUM ANALYZE));
is(sql('SELECT count(*) FROM movies'), 997, 'all movies');
is(sql('SELECT count(*), count(DISTINCT user_id), count(DISTINCT movie_id) FROM ratings'),
	'100004|671|9066', 'all ratings');

# 1. The list for everybody, with a threshold of votes.
my $expected = q(
	SELECT movie_id, v / (v + m) * r + m / (v + m) * c AS score
	  FROM (SELECT movie_id, count(*)::float8 AS v, avg(rating) AS r FROM ratings GROUP BY 1) s,
	       (SELECT avg(rating) AS c FROM ratings) a,
	       (SELECT percentile_cont(.9) WITHIN GROUP (ORDER BY n) AS m
	          FROM (SELECT count(*) AS n FROM ratings GROUP BY movie_id) n) q);
is( sql(qq(
	SELECT FROM recsys_train('top', 'ratings', 'popular', '{"score": "weighted"}', item_col => 'movie_id');
	WITH expected AS ($expected)
	SELECT count(*), count(*) FILTER (WHERE e.score IS NULL OR r.score IS NULL OR abs(e.score - r.score) > 1e-5)
	  FROM recsys_recommend('top', 0, 10000) r FULL JOIN expected e ON e.movie_id = r.item_id)),
	'9066|0',
	'weighted ratings of all movies');
is( sql(qq(
	SELECT array_agg(item_id ORDER BY score DESC, item_id) = (
	         SELECT array_agg(movie_id ORDER BY score DESC, movie_id) FROM (
	           $expected ORDER BY score DESC, movie_id LIMIT 20) e),
	       min(basis)
	  FROM recsys_recommend('top', 0, 20))),
	't|popular',
	'the best 20 are the best 20');
is( sql(qq(
	SELECT count(*) FROM ($expected) e JOIN (
	SELECT movie_id, weighted_rating(rating, (SELECT percentile_cont(.9) WITHIN GROUP (ORDER BY n)
	         FROM (SELECT count(*) AS n FROM ratings GROUP BY movie_id) n), (SELECT avg(rating) FROM ratings)) AS score
	  FROM ratings GROUP BY 1) w USING (movie_id) WHERE abs(e.score - w.score) < 1e-9)),
	9066,
	'and the aggregate says the same');

# 2. Movies by their texts: the same in SQL, for some movies.
my $content = q('{"items": "movies", "item_id_col": "id", "text_cols": ["title", "overview"], "tag_cols": ["genres"], "config": "english"}'::jsonb);
sql(qq(
	SELECT FROM recsys_train('content', 'ratings', 'content', $content, item_col => 'movie_id');
	CREATE TABLE vector AS
	WITH term AS (
		SELECT id, 'w' || lexeme AS term, sum(cardinality(positions))::float8 AS n
		  FROM movies, unnest(ARRAY[title, overview]) t(text), unnest(to_tsvector('english', text)) GROUP BY 1, 2
		UNION ALL
		SELECT id, 't' || name, 1 FROM movies, unnest(genre_names) name),
	weighed AS (
		SELECT id, term, n * (ln((1 + 997.0) / (1 + count(*) OVER (PARTITION BY term))) + 1) AS w FROM term)
	SELECT id, term, w / sqrt(sum(w ^ 2) OVER (PARTITION BY id)) AS v FROM weighed;
	CREATE INDEX ON vector (term);
	CREATE INDEX ON vector (id);
	ANALYZE vector));
is( sql(q(
	WITH chosen AS MATERIALIZED (SELECT id FROM movies ORDER BY md5(id::text) LIMIT 40),
	expected AS (
		SELECT a.id AS item, b.id AS other, sum(a.v * b.v) AS cosine
		  FROM chosen JOIN vector a USING (id) JOIN vector b ON b.term = a.term AND b.id <> a.id GROUP BY 1, 2),
	model AS (SELECT id AS item, s.item_id AS other, s.similarity FROM chosen, recsys_similar_items('content', id, 10000) s)
	SELECT count(*) > 10000, count(*) FILTER (WHERE cosine IS NULL OR similarity IS NULL OR abs(cosine - similarity) > 1e-5)
	  FROM expected FULL JOIN model USING (item, other))),
	't|0',
	'similar movies of 40');
my $toy_story = sql(q(
	SELECT string_agg(title, ', ' ORDER BY similarity DESC)
	  FROM recsys_similar_items('content', 862, 10) JOIN movies ON id = item_id));
note("like Toy Story: $toy_story");
is( sql(q(
	SELECT count(*) FROM movies a, LATERAL (
		SELECT * FROM recsys_similar_items('content', a.id, 1)) s JOIN movies b ON b.id = s.item_id
	 WHERE a.genre_names && b.genre_names)) > 600 ? 't' : 'f',
	't',
	'most movies share a genre with the one most like them');
is( sql(qq(
	SELECT FROM recsys_train('content_names', 'ratings', 'content', $content || '{"tag_cols": ["genre_names"]}', item_col => 'movie_id');
	SELECT bool_and(a.data = b.data) FROM (SELECT * FROM content WHERE part <> 'header') a
	  FULL JOIN (SELECT * FROM content_names WHERE part <> 'header') b USING (part, block))),
	't',
	'genres as JSON and as an array are the same');

# 3. From a user's profile, the mean of his movies weighted by his ratings.
is( sql(q(
	WITH profile AS (
		SELECT user_id, term, sum(rating * v) AS p FROM ratings JOIN vector ON id = movie_id
		 WHERE user_id IN (5, 15, 73, 547) GROUP BY 1, 2),
	expected AS (
		SELECT user_id, id AS item_id, sum(p * v) / length AS score
		  FROM profile JOIN vector USING (term)
		  JOIN (SELECT user_id, sqrt(sum(p ^ 2)) AS length FROM profile GROUP BY 1) l USING (user_id)
		 WHERE NOT EXISTS (SELECT FROM ratings r WHERE r.user_id = profile.user_id AND r.movie_id = id)
		 GROUP BY 1, 2, length),
	model AS (SELECT u AS user_id, r.* FROM unnest('{5,15,73,547}'::int[]) u, recsys_recommend('content', u, 10000) r)
	SELECT count(*) > 2000, count(*) FILTER (WHERE e.score IS NULL OR m.score IS NULL OR abs(e.score - m.score) > 1e-5),
	       count(*) FILTER (WHERE abs(recsys_predict('content', user_id, item_id) - m.score) > 1e-9), min(basis)
	  FROM expected e FULL JOIN model m USING (user_id, item_id))),
	't|0|0|personalized',
	'recommendations of four users');

# 4. The long tail first: as if the rows had been left out of the table.
sql(q(
	CREATE TABLE kept AS SELECT * FROM ratings;
	DO $$
	DECLARE
		gone bigint;
		more bigint;
	BEGIN
		LOOP
			DELETE FROM kept WHERE movie_id IN (SELECT movie_id FROM kept GROUP BY 1 HAVING count(*) < 10);
			GET DIAGNOSTICS gone = ROW_COUNT;
			DELETE FROM kept WHERE user_id IN (SELECT user_id FROM kept GROUP BY 1 HAVING count(*) < 30);
			GET DIAGNOSTICS more = ROW_COUNT;
			EXIT WHEN gone + more = 0;
		END LOOP;
	END $$));
my $tail = q('{"min_item_ratings": 10, "min_user_ratings": 30}');
foreach my $algorithm (qw(popular content item_knn))
{
	my $options = $algorithm eq 'content' ? $content : q('{}'::jsonb);

	is( sql(qq(
		SELECT FROM recsys_train('cut', 'ratings', '$algorithm', $options || $tail, item_col => 'movie_id');
		SELECT FROM recsys_train('before', 'kept', '$algorithm', $options, item_col => 'movie_id');
		SELECT bool_and(a.data = b.data), count(*) > 3
		  FROM (SELECT * FROM cut WHERE part <> 'header') a
		  FULL JOIN (SELECT * FROM before WHERE part <> 'header') b USING (part, block);
		DROP TABLE cut, before)) =~ s/\s+$//r,
		't|t',
		"$algorithm of what has ratings enough");
}

# 5. Are the lists any good?  A fifth of each user's ratings is kept aside; what
# he has given 4 or more is looked for among ten.
foreach my $case ([ 'item_knn', '{"score": "sum", "similarity": "cosine"}', 1.2 ],
	[ 'user_knn', '{"score": "sum", "similarity": "cosine"}', 1.2 ],
	[ 'svd', '{"factors": 20}', 0 ])
{
	my ($algorithm, $options, $times) = @$case;
	my $found = sql(qq(
		SELECT count(*), bool_and(value BETWEEN 0 AND 1), bool_and(value >= $times * popular)
		  FROM recsys_evaluate('ratings', '$algorithm', '$options',
		                       '{"method": "per_user", "test": 0.2, "relevant_from": 4}', 10, item_col => 'movie_id')
		 WHERE metric IN ('hit_rate', 'precision', 'recall')));

	is($found, '3|t|t', "$algorithm: hit rate, precision and recall at 10, $times times those of the popular list");
}

$node->stop;
done_testing();
