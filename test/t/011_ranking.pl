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
$node->append_conf('postgresql.conf', "maintenance_work_mem = '512MB'");
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

# The least that an algorithm must have.
my @goals = (
	[ 'ncf', 'item_knn', '{"neighbors": 100, "score": "sum"}', hit_rate => .65, ndcg => .385 ],
	[ 'gowalla', 'item_knn', '{"neighbors": 100, "score": "sum"}', recall => .126, ndcg => .093 ]);

my %seen;
foreach my $goal (@goals)
{
	my ($name, $algorithm, $options, %least) = @$goal;
	my ($split, $n) = @{ $protocol{$name} };
	my (%value, %popular_value);

	load($name) unless $seen{$name};
	foreach my $row (
		split /\n/,
		$node->safe_psql(
			'postgres', qq(
			SELECT metric, round(value::numeric, 4), round(popular::numeric, 4)
			  FROM recsys_evaluate('${name}_train', '$algorithm', '$options', '$split', $n, rating_col => NULL))))
	{
		my ($metric, $value, $popular) = split /\|/, $row;
		($value{$metric}, $popular_value{$metric}) = ($value, $popular);
	}
	note("$name, $algorithm $options: " . join ', ', map { "$_ $value{$_}" } sort keys %value);
	foreach my $metric (sort keys %least)
	{
		cmp_ok($value{$metric}, '>=', $least{$metric},
			"$name, $algorithm: $metric\@$n $value{$metric}");
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
