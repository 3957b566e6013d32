# Every SQL statement of README.md runs, every option it names exists, and no
# algorithm or option is missing from it.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $readme = slurp_file('README.md');
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

# What the examples take for granted.
my $ratings = PostgreSQL::Test::Utils::tempdir() . '/ratings.csv';
open my $csv, '>', $ratings or die $!;
foreach my $user (1 .. 60)
{
	foreach my $item (1 .. 40)
	{
		print $csv "$user,$item," . (1 + ($user * $item + $item) % 5) . "\n"
		  if ($user * 3 + $item * 7) % 4;
	}
}
close $csv;
$node->safe_psql(
	'postgres', q(
	CREATE SCHEMA shop;
	CREATE TABLE shop.orders AS
	SELECT 'customer ' || c AS customer, 'sku ' || (c * s % 20) AS sku
	  FROM generate_series(1, 30) c, generate_series(1, 5) s;
	CREATE TABLE movie AS
	SELECT id, 'Movie ' || id AS title, 1980 + id AS year, false AS withdrawn
	  FROM generate_series(1, 40) id;
	CREATE SCHEMA cron;
	CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint
	LANGUAGE sql RETURN 1));

my @blocks = $readme =~ /^```sql\n(.*?)^```$/gms;
cmp_ok(scalar @blocks, '>', 5, 'README.md has examples in SQL');
foreach my $block (@blocks)
{
	my ($title) = $block =~ /^(.*)$/m;

	# Paths, and ids that are only hinted at.
	$block =~ s{/path/to/ratings.csv}{$ratings};
	if ($block =~ /'m'/)
	{
		# The line with a uuid is for a model that has such ids.
		$block =~ s/^.*::uuid.*$//m;
		$block = "SELECT FROM recsys_train('m', 'ratings', 'svd');\n$block";
	}
	my ($result, $out, $err) = $node->psql('postgres', $block, on_error_stop => 1);
	is($result, 0, "runs: $title") or diag($err);
}

# Algorithms and options: both ways.
my @known = split /\n/, $node->safe_psql('postgres',
	q(SELECT name FROM recsys_algorithms UNION
	  SELECT o ->> 'name' FROM recsys_algorithms, jsonb_array_elements(options) o));
foreach my $name (@known)
{
	like($readme, qr/`\Q$name\E`|[" ]\Q$name\E["`,]/, "README.md names $name");
}
my ($table) = $readme =~ /^\| option \|.*?\n\n/ms ? $& : '';
my %known = map { $_ => 1 } @known;
foreach my $row ($table =~ /^\| (`.*?`) \|/gm)
{
	ok($known{$_}, "option $_ of README.md exists") foreach $row =~ /`(\w+)`/g;
}

# Functions of the extension that users call are in the reference.
my @functions = split /\n/, $node->safe_psql('postgres',
	q(SELECT DISTINCT p.proname FROM pg_proc p
	    JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	    JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	   WHERE e.extname = 'recsys' AND p.proname !~
	         '^recsys_((series|error|fcp|mse|rmse|mae|mape|weighted_rating)_|top_n|model_(header|bytes)|algorithm_list)'));
foreach my $name (@functions)
{
	like($readme, qr/\b\Q$name\E\b/, "README.md has $name");
}

$node->stop;
done_testing();
