# Factorizations of what users have seen, MovieLens 1M: the last item of each
# user is ranked among 99 that he has not seen (He et al., "Neural Collaborative
# Filtering", WWW 2017).  The data may not be shipped: skipped where it is not
# at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = $ENV{RECSYS_DATA};
plan skip_all => 'RECSYS_DATA is not there'
  unless defined $data && -f "$data/ncf/test.negative.gz";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "maintenance_work_mem = '256MB'");
$node->start;

# A line of the file is (user,item), and 99 items.
my $candidates = $node->basedir . '/candidates.tsv';
open my $in, '-|', "zcat '$data/ncf/test.negative.gz'" or die $!;
open my $out, '>', $candidates or die $!;
while (my $line = <$in>)
{
	chomp $line;
	my ($pair, @others) = split /\t/, $line;
	my ($user, $item) = $pair =~ /\((\d+),(\d+)\)/ or die $line;
	print $out "$user\t$_\tf\n" for @others;
	print $out "$user\t$item\tt\n";
}
close $out;

$node->safe_psql(
	'postgres', qq(
	CREATE EXTENSION recsys;
	CREATE TABLE seen (user_id int, item_id int, rating real, t bigint);
	CREATE TABLE candidate (user_id int, item_id int, held_out bool);
	\\copy seen FROM PROGRAM 'zcat $data/ncf/train.tsv.gz'
	\\copy candidate FROM '$candidates'
	VACUUM ANALYZE));

# Hit rate and NDCG of the first 10 are at least so much.
sub check
{
	my ($algorithm, $options, $hit_rate, $ndcg) = @_;

	my ($hits, $gain) = split /\|/, $node->safe_psql(
		'postgres', qq(
		SET client_min_messages = warning;
		SELECT FROM recsys_train('m', 'seen', '$algorithm', '$options', rating_col => NULL);
		SELECT avg((place <= 10)::int), avg(CASE WHEN place <= 10 THEN 1 / log(2, place + 1) ELSE 0 END)
		  FROM (SELECT held_out, rank() OVER (PARTITION BY user_id ORDER BY recsys_predict('m', user_id, item_id) DESC) AS place
		          FROM candidate) x WHERE held_out));
	ok($hits >= $hit_rate && $gain >= $ndcg,
		sprintf '%s: HR@10 %.4f, NDCG@10 %.4f', $algorithm, $hits, $gain);
}

check('ials', '{"unobserved_weight": 0.2, "regularization": 0.005}', .72, .442);
check('bpr', '{"learning_rate": 0.02, "regularization": 0.005}', .695, .417);
check('logistic_mf', '{}', .695, .417);

$node->stop;
done_testing();
