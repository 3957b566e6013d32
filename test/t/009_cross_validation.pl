# Five-fold cross-validation on MovieLens 100k: the errors that the library
# most people compare with has in its own table.  The data may not be shipped:
# skipped where it is not at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $file = ($ENV{RECSYS_DATA} // '') . '/ml-100k/u.data.gz';
plan skip_all => 'RECSYS_DATA is not there' unless -f $file;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "maintenance_work_mem = '256MB'");
$node->start;
$node->safe_psql(
	'postgres', qq(
	CREATE EXTENSION recsys;
	CREATE TABLE movielens (user_id int, item_id int, rating real, t bigint);
	\\copy movielens FROM PROGRAM 'zcat $file'));

# RMSE and MAE of the library's table, and what another split may change.
my @goals = (
	[ 'baseline_als', '{}', .944, .748, .003 ],
	[ 'svd', '{}', .934, .737, .003 ],
	[ 'svdpp', '{}', .919, .721, .003 ],
	[ 'nmf', '{}', .963, .758, .005 ],
	[ 'slope_one', '{}', .946, .743, .003 ],
	[ 'user_knn', '{}', .980, .774, .003 ],
	[ 'user_knn', '{"score": "centered"}', .951, .749, .003 ],
	[ 'user_knn', '{"score": "baseline"}', .931, .733, .003 ],
	[ 'co_clustering', '{}', .963, .753, .005 ],
	[ 'als', '{}', .92, .73, 0 ]);
foreach my $goal (@goals)
{
	my ($algorithm, $options, $rmse, $mae, $tolerance) = @$goal;
	my ($our_rmse, $our_mae) = split /\|/, $node->safe_psql(
		'postgres', qq(
		SELECT round(avg(rmse)::numeric, 4), round(avg(mae)::numeric, 4)
		  FROM recsys_cross_validate('movielens', '$algorithm', '$options')));
	cmp_ok($our_rmse, '<=', $rmse + $tolerance, "$algorithm $options: RMSE $our_rmse, table $rmse");
	cmp_ok($our_mae, '<=', $mae + $tolerance, "$algorithm $options: MAE $our_mae, table $mae");
}

# Random ratings of the same distribution are what they should be.
my $normal = $node->safe_psql('postgres',
	q(SELECT avg(rmse) FROM recsys_cross_validate('movielens', 'normal')));
cmp_ok(abs($normal - 1.518), '<', .02, "normal: RMSE $normal, table 1.518");

$node->stop;
done_testing();
