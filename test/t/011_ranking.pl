# Ranking on real data with a held-out part that others have measured on: one
# of 100 items (MovieLens 1M, leave one out), and all items (Gowalla).  The data
# may not be shipped: skipped where they are not at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = $ENV{RECSYS_DATA} // '';
plan skip_all => 'RECSYS_DATA is not there'
  unless -f "$data/ncf/train.tsv.gz" && -f "$data/gowalla/train.tsv.gz";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "maintenance_work_mem = '1GB'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION recsys');

# A data set's tables: train, test and, if it has them, negatives.
sub load
{
	my ($name) = @_;

	foreach my $part (qw(train test))
	{
		$node->safe_psql(
			'postgres', qq(
			CREATE TABLE ${name}_$part (user_id int, item_id int, rating real, t text);
			\\copy ${name}_$part FROM PROGRAM 'zcat $data/$name/$part.tsv.gz'));
	}
	return unless -f "$data/$name/test.negative.gz";

	# Lines of (user,item) and 99 items.
	$node->safe_psql(
		'postgres', qq{
		CREATE TABLE ${name}_lines (line text);
		\\copy ${name}_lines FROM PROGRAM 'zcat $data/$name/test.negative.gz' DELIMITER E'\\x01'
		CREATE TABLE ${name}_negatives AS
		SELECT split_part(trim(LEADING '(' FROM line), ',', 1)::int AS user_id, item::int AS item_id
		  FROM ${name}_lines, unnest((string_to_array(line, E'\\t'))[2:]) item});
	return;
}

# How each data set is ranked: the split, and the length of the lists.
my %protocol = (
	ncf => [ '{"method": "given", "test": "ncf_test", "negatives": "ncf_negatives"}', 10 ],
	gowalla => [ '{"method": "given", "test": "gowalla_test"}', 20 ]);

# What the popularity list is known to have.
my %popular = (
	ncf => { hit_rate => .4535, ndcg => .2543 },
	gowalla => { recall => .0416, ndcg => .0317 });

# Weights that tell what a user did last from what he did long ago.
my $recent = q(
	CREATE VIEW ncf_recent AS
	SELECT user_id, item_id, .3 + .7 * exp(-(row_number() OVER (PARTITION BY user_id ORDER BY t DESC, item_id) - 1) / 10.0) AS rating
	  FROM (SELECT user_id, item_id, t::bigint FROM ncf_train) r);

# The least that an algorithm must have: the data set, whether it is weighted
# by recency, the algorithm, its options, metrics.
my @goals = (
	[ 'ncf', 0, 'item_knn', '{"weighting": "tfidf", "neighbors": 50}', hit_rate => .67, ndcg => .40 ],
	[ 'ncf', 1, 'item_knn', '{"weighting": "tfidf", "neighbors": 50}', hit_rate => .68, ndcg => .42 ],
	[ 'ncf', 0, 'bpr', '{"learning_rate": 0.03, "regularization": 0.005, "factors": 96}', hit_rate => .70, ndcg => .42 ],
	[ 'ncf', 0, 'logistic_mf', '{"regularization": 5}', hit_rate => .70, ndcg => .42 ],
	[ 'ncf', 0, 'ials', '{"unobserved_weight": 0.2, "regularization": 0.005}', hit_rate => .722, ndcg => .445 ],
	[ 'ncf', 0, 'ease', '{"regularization": 1200}', hit_rate => .719, ndcg => .449 ],
	[ 'ncf', 0, 'slim', '{"l1_regularization": 0.002, "regularization": 2}', hit_rate => .716, ndcg => .446 ],
	[ 'ncf', 1, 'hybrid', '{"components": [
		{"algorithm": "ease", "options": {"regularization": 1000, "binary": true}, "weight": 1},
		{"algorithm": "ials", "options": {"unobserved_weight": 0.1, "regularization": 0.003}, "weight": 1}]}', hit_rate => .74, ndcg => .46 ],
	[ 'gowalla', 0, 'item_knn', '{"similarity": "asymmetric_cosine", "asymmetry": 0.25, "shrinkage": 10, "neighbors": 400}', recall => .157, ndcg => .121 ],
	[ 'gowalla', 0, 'rp3beta', '{}', recall => .183, ndcg => .152 ]);

my %seen;
foreach my $goal (@goals)
{
	my ($name, $weighted, $algorithm, $options, %least) = @$goal;
	my ($split, $n) = @{ $protocol{$name} };
	my $ratings = $weighted ? "'${name}_recent'" : "'${name}_train'";
	my $column = $weighted ? "'rating'" : 'NULL';
	my (%value, %popular_value);

	load($name) unless $seen{$name};
	$node->safe_psql('postgres', $recent) if $weighted && !$seen{recent}++;
	foreach my $row (
		split /\n/,
		$node->safe_psql(
			'postgres', qq(
			SELECT metric, round(value::numeric, 4), round(popular::numeric, 4)
			  FROM recsys_evaluate($ratings, '$algorithm', '$options', '$split', $n, rating_col => $column))))
	{
		my ($metric, $value, $popular) = split /\|/, $row;
		($value{$metric}, $popular_value{$metric}) = ($value, $popular);
	}
	note("$name, $algorithm $options: " . join ', ', map { "$_ $value{$_}" } sort keys %value);
	foreach my $metric (sort keys %least)
	{
		cmp_ok($value{$metric}, '>=', $least{$metric},
			"$name, $algorithm" . ($weighted ? ', recent ones weigh more' : '') . ": $metric\@$n $value{$metric}");
	}
	next if $seen{$name}++;
	foreach my $metric (sort keys %{ $popular{$name} })
	{
		cmp_ok(abs($popular_value{$metric} - $popular{$name}{$metric}), '<', .0003,
			"$name, most rated items: $metric\@$n $popular_value{$metric}, known $popular{$name}{$metric}");
	}
}

$node->stop;
done_testing();
