# Algorithm "gradient" on the data of a course (exercise 8 of Ng's Machine
# Learning) and of an article, whose cost at the minimum is known; and the run
# of a second article with gradient descent and the ratings of somebody new.
# The data may not be shipped: skipped where it is not at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = $ENV{RECSYS_DATA} // '';
plan skip_all => 'RECSYS_DATA is not there'
  unless -f "$data/ng-ex8/ratings.tsv.gz" && -f "$data/geitgey/movie_ratings_data_set.csv";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', qq(
	CREATE EXTENSION recsys;
	CREATE TABLE course (user_id int, item_id int, rating real);
	CREATE TABLE viewed (user_id int, movie_id int, value int);
	\\copy course FROM PROGRAM 'zcat $data/ng-ex8/ratings.tsv.gz'
	\\copy viewed FROM '$data/geitgey/movie_ratings_data_set.csv' CSV HEADER));

# J at the end and RMSE.
sub minimum
{
	my ($table, $options, $columns) = @_;

	return split /\|/, $node->safe_psql(
		'postgres', qq(
		SELECT FROM recsys_train('m', '$table', 'gradient', '$options' $columns);
		SELECT loss, train_rmse FROM recsys_training_log('m') ORDER BY iteration DESC LIMIT 1)) =~ s/^\s+//r;
}

# Local minima that L-BFGS finds elsewhere are from 38945 to 38957; a search ends where little is to gain.
foreach my $optimizer (qw(cg lbfgs))
{
	foreach my $seed (0 .. 2)
	{
		my ($j) = minimum('course',
			qq({"optimizer": "$optimizer", "seed": $seed, "normalize": "item_mean", "factors": 10, "regularization": 10}), '');
		cmp_ok($j, '>', 38944, "$optimizer, seed $seed: J $j is not below the minimum");
		cmp_ok($j, '<', 38957 * (1 + 1e-4), "$optimizer, seed $seed: J $j is a minimum");
	}
	foreach my $case ([ '1.0', 312.763, .1951 ], [ '0.1', 32.504, .0205 ])
	{
		my ($lambda, $wanted_j, $wanted_rmse) = @$case;
		my ($j, $rmse) = minimum('viewed',
			qq({"optimizer": "$optimizer", "factors": 15, "regularization": $lambda, "iterations": 3000}),
			q(, item_col => 'movie_id', rating_col => 'value'));
		cmp_ok(abs($j - $wanted_j), '<', .0015, "$optimizer, lambda $lambda: J $j, known $wanted_j");
		cmp_ok(abs($rmse - $wanted_rmse), '<', 1e-4, "$optimizer, lambda $lambda: RMSE $rmse, known $wanted_rmse");
	}
}

# Somebody new rates 22 movies (the article counts them from 0), and 500
# iterations of gradient descent with a rate of .001 and lambda 10 follow.
my $mine = join ', ', map { my ($movie, $rating) = split /=/; '(0, ' . ($movie + 1) . ", $rating)" }
  qw(5=5 50=1 9=5 27=4 58=3 88=2 123=4 165=1 187=3 196=2 228=4 258=5 343=4 478=1 511=4 690=5
  722=1 789=3 832=2 1029=4 1190=2 1245=5);
my ($iterations, $rises, $first, $last) = split /\|/, $node->safe_psql(
	'postgres', qq(
	INSERT INTO course VALUES $mine;
	SELECT FROM recsys_train('mine', 'course', 'gradient',
		'{"optimizer": "gd", "iterations": 500, "regularization": 10, "learning_rate": 0.001, "normalize": "item_mean", "init_stddev": 1, "list_score": "prediction"}');
	SELECT max(iteration), count(*) FILTER (WHERE loss >= before), max(loss) FILTER (WHERE iteration = 1),
	       max(loss) FILTER (WHERE iteration = 500)
	  FROM (SELECT *, lag(loss) OVER (ORDER BY iteration) AS before FROM recsys_training_log('mine')) l)) =~ s/^\s+//r;
is($iterations, 500, '500 iterations are logged');
is($rises, 0, "J falls at every one of them, from $first to $last");
cmp_ok($last, '<', 41000, 'and is near the minimum');

# What is predicted is the product of the vectors and the movie's mean.
is( $node->safe_psql(
		'postgres', q(
		SELECT count(*) || ' movies, ' || count(*) FILTER (WHERE abs(score - wanted) > 1e-4)
		  FROM (SELECT r.score, (SELECT avg(rating) FROM course c WHERE c.item_id = r.item_id) +
		               (SELECT sum(x * y) FROM unnest(u.factors, i.factors) v(x, y)) AS wanted
		          FROM recsys_recommend('mine', 0, 2000) r
		          JOIN recsys_factors('mine', 'user') u ON u.id = '0'
		          JOIN recsys_factors('mine', 'item') i ON i.id::int = r.item_id) s)),
	'1660 movies, 0',
	'movies not yet rated are scored by the vectors, with the means added back');
is( $node->safe_psql(
		'postgres', q(
		SELECT rmse(recsys_predict('mine', 0, item_id), rating) < rmse(mean, rating)
		  FROM (SELECT *, avg(rating) OVER (PARTITION BY item_id) AS mean FROM course) c WHERE user_id = 0)),
	't',
	'and those rated are predicted better than by their means');

$node->stop;
done_testing();
