# Predictions on MovieLens 100k, fixed split u1, held against those of the
# library that most people compare with; and the quality of factorizations
# there.  The data may not be shipped: skipped where it is not at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($data, $reference) = @ENV{qw(RECSYS_DATA RECSYS_REFERENCE)};
my $predictions = ($reference // '') . '/surprise_u1_predictions.tsv.gz';
plan skip_all => 'RECSYS_DATA and RECSYS_REFERENCE are not there'
  unless defined $data && -f "$data/ml-100k/u1.base.gz" && -f $predictions;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "maintenance_work_mem = '256MB'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION recsys');

my @columns = split /\t/, `zcat '$predictions' | head -n 1`;
chomp @columns;
my $definition = join ', ', 'user_id int', 'item_id int',
  map { "$_ float8" } @columns[ 2 .. $#columns ];
$node->safe_psql(
	'postgres', qq(
	CREATE TABLE base (user_id int, item_id int, rating float8, t bigint);
	CREATE TABLE expected ($definition);
	\\copy base FROM PROGRAM 'zcat $data/ml-100k/u1.base.gz'
	\\copy expected FROM PROGRAM 'zcat $predictions | tail -n +2'
	VACUUM ANALYZE));

# The columns of the reference in our words.
my %similarity = (
	cosine => 'cosine_common',
	map { $_ => $_ } qw(msd pearson pearson_baseline));
my %score = (
	basic => 'weighted_mean',
	means => 'centered',
	zscore => 'zscore',
	baseline => 'baseline');

# Rows whose user and item are both known must agree to 1e-4; where an item
# has no rating in training the reference predicts the mean of all, recsys the
# mean of the user, unless the score is relative to the baseline.
my $unknown = $node->safe_psql('postgres',
	'SELECT count(*) FROM expected e
	  WHERE NOT EXISTS (SELECT FROM base b WHERE b.item_id = e.item_id)');

sub check
{
	my ($column, $algorithm, $options, $order) = @_;

	my ($off, $off_known) = split /\|/, $node->safe_psql(
		'postgres', qq(
		SELECT FROM recsys_train('m', 'base', '$algorithm', '$options');
		SELECT count(*) FILTER (WHERE off), count(*) FILTER (WHERE off AND known)
		  FROM (SELECT abs(recsys_predict('m', user_id, item_id) - $column) > 1e-4 AS off,
		               EXISTS (SELECT FROM base b WHERE b.item_id = e.item_id) AS known
		          FROM expected e ORDER BY $order) p)) =~ s/^\s+//r;
	cmp_ok($off, '<=', $unknown, "$column: at most the $unknown rows of unknown items differ");
	is($off_known, 0, "$column: all rows of known items agree to 1e-4");
	return;
}

my $checked = 0;
foreach my $column (@columns[ 3 .. $#columns ])
{
	if ($column =~ /^baseline_(als|sgd)$/)
	{
		check($column, $column, '{}', 'user_id');
	}
	elsif ($column eq 'slope_one')
	{
		check($column, $column, '{}', 'item_id');
	}
	elsif ($column =~
		/^knn_(basic|means|zscore|baseline)_(user|item)_([a-z_]+?)(_minsup5_k20_mink3)?$/)
	{
		my ($score, $side, $similarity, $more) =
		  ($score{$1}, $2, $similarity{$3}, $4);
		my $options = qq("similarity": "$similarity", "score": "$score");
		$options .= ', "min_support": 5, "k": 20, "min_k": 3' if $more;
		check($column, "${side}_knn", "{$options}", "${side}_id");
	}
	else
	{
		next;
	}
	$checked++;
}
is($checked, 36, 'every column but the ids and the rating was checked');

# Held-out error of the factorizations with their defaults.
sub rmse
{
	my ($algorithm, $options) = @_;

	return $node->safe_psql(
		'postgres', qq(
		SELECT FROM recsys_train('m', 'base', '$algorithm', '$options');
		SELECT round(sqrt(avg((recsys_predict('m', user_id, item_id) - rating) ^ 2))::numeric, 4)
		  FROM expected)) =~ s/^\s+//r;
}
my $baseline = rmse('baseline_als', '{}');
my $svd = rmse('svd', '{}');
my $svdpp = rmse('svdpp', '{}');
my $als = rmse('als', '{}');
my $clusters = rmse('co_clustering', '{}');
note("RMSE on u1: baseline_als $baseline, svd $svd, svdpp $svdpp, als $als, co_clustering $clusters");
cmp_ok($clusters, '<=', .9655, "co_clustering: RMSE $clusters on u1 (reference .9654)");
cmp_ok($svdpp, '<=', .936, "svdpp: RMSE $svdpp on u1 (reference .9330)");
cmp_ok($baseline, '<=', .9605, "baseline_als: RMSE $baseline on u1");
cmp_ok($svd, '<=', .954, "svd: RMSE $svd on u1 is at most .954");
cmp_ok($als, '<', $svd, "als: RMSE $als on u1 is better than svd");
my $adaptive = rmse('svd', '{"adaptive": true, "regularization": 0.1}');
cmp_ok($adaptive, '<=', .93, "svd with adaptive steps: RMSE $adaptive on u1");
my $exact = rmse('als', '{"solver": "cholesky"}');
cmp_ok(abs($exact - $als), '<', .001, "als with exact solutions: RMSE $exact");
foreach my $seed (1 .. 2)
{
	cmp_ok(rmse('svd', qq({"seed": $seed})), '<=', .956, "svd with seed $seed");
	cmp_ok(rmse('als', qq({"seed": $seed})), '<', .935, "als with seed $seed");
	cmp_ok(rmse('co_clustering', qq({"seed": $seed})), '<=', .9655, "co_clustering with seed $seed");
}

# The order of the rows, at this size too.
is( $node->safe_psql(
		'postgres', q(
		CREATE TABLE shuffled AS SELECT * FROM base ORDER BY md5(t::text || user_id || item_id);
		SELECT FROM recsys_train('a', 'base', 'svd');
		SELECT FROM recsys_train('b', 'shuffled', 'svd');
		SELECT bool_and(a.data = b.data) FROM a FULL JOIN b USING (version, part, block)
		 WHERE part <> 'header')) =~ s/^\s+//r,
	't',
	'the same bytes for the rows in another order');

# The first principal component of the items' vectors, of a factorization of
# all ratings with 2 factors and no biases, follows how good a movie is.
SKIP:
{
	my $file = "$data/ml-100k/u.data.gz";
	skip 'no u.data', 6 unless -f $file;

	$node->safe_psql(
		'postgres', qq(
		CREATE TABLE movielens (user_id int, item_id int, rating float8, t bigint);
		\\copy movielens FROM PROGRAM 'zcat $file'));
	foreach my $seed (0 .. 2)
	{
		my ($all, $often) = split /\|/, $node->safe_psql(
			'postgres', qq(
			SELECT FROM recsys_train('plane', 'movielens', 'svd', '{"factors": 2, "biased": false, "seed": $seed}');
			SELECT corr(components[1], mean), corr(components[1], mean) FILTER (WHERE n >= 20)
			  FROM recsys_factor_pca('plane')
			  JOIN (SELECT item_id, avg(rating) AS mean, count(*) AS n FROM movielens GROUP BY 1) m
			    ON m.item_id = id::int)) =~ s/^\s+//r;
		cmp_ok($all, '>', .75, "first component and mean rating, seed $seed: correlation $all");
		cmp_ok($often, '>', .95, "of items with 20 ratings or more: $often");
	}
}

# Similar items by the sum of absolute differences of 15 factors, as an article
# does it on this data: the sequels of The Sheriff 2 are among its likes there.
SKIP:
{
	my $file = "$data/geitgey/movie_ratings_data_set.csv";
	skip 'no data of the article', 2 unless -f $file;

	$node->safe_psql(
		'postgres', qq(
		CREATE TABLE viewed (user_id int, movie_id int, value int);
		\\copy viewed FROM '$file' CSV HEADER
		SELECT FROM recsys_train('viewed_model', 'viewed', 'als',
			'{"factors": 15, "biased": false, "duplicates": "max", "regularization": 0.1, "scaled_regularization": false, "iterations": 200}',
			item_col => 'movie_id', rating_col => 'value')));
	is( $node->safe_psql(
			'postgres', q(
			WITH f AS (SELECT id::int, factors FROM recsys_factors('viewed_model', 'item'))
			SELECT string_agg(b.id::text, ',' ORDER BY (SELECT sum(abs(x - y)) FROM unnest(a.factors, b.factors) AS v(x, y)))
			  FROM f a JOIN f b ON a.id = 3 AND b.id <> 3)),
		$node->safe_psql(
			'postgres', q(SELECT string_agg(item_id::text, ',' ORDER BY similarity)
			  FROM recsys_similar_items('viewed_model', 3, 100, 'manhattan'))),
		'similar items by manhattan are in the order of the differences');
	cmp_ok(
		$node->safe_psql(
			'postgres', q(SELECT count(*) FROM recsys_similar_items('viewed_model', 3, 5, 'manhattan')
			  WHERE item_id IN (1, 5, 9, 28))),
		'>=', 1, 'and one at least of the four of the article is there');
}

$node->stop;
done_testing();
