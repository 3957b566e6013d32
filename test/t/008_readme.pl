# README.md is short.  Every SQL statement of it and of doc/ runs, every link leads somewhere,
# and nothing is missing: no function, setting, similarity, score or metric, and no algorithm,
# whose options are those of the view recsys_algorithms.  doc/tutorial.md runs from start to end
# in one session, from nothing, gives what it shows, and finds the taste that its data have.

use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Bytes.
my $readme_limit = 12288;

my %page = map { $_ => slurp_file($_) } 'README.md', glob 'doc/*.md';
my ($algorithms, $reference, $evaluation) = @page{map { "doc/$_.md" } qw(algorithms reference evaluation)};
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

cmp_ok(-s 'README.md', '<=', $readme_limit, "README.md has at most $readme_limit bytes");

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
	  FROM generate_series(1, 40) id));

# What stands for pg_cron in a database.
sub pretend_cron
{
	$node->safe_psql($_[0], q(
		CREATE SCHEMA cron;
		CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint
		LANGUAGE sql RETURN 1));
	return;
}

# The examples of a page, each a string of statements.
sub examples
{
	my ($name) = @_;
	my @blocks;

	push @blocks, $2 while $page{$name} =~ /^( *)```sql\n(.*?)^\1```$/gms;
	is(scalar @blocks, scalar(() = $page{$name} =~ /```sql/g), "$name: all examples are found");
	return @blocks;
}

# Run the examples of a page in a database.
sub run_examples
{
	my ($name, $database) = @_;

	foreach my $block (examples($name))
	{
		my ($title) = $block =~ /^\s*(.*)$/m;

		# A path, and an id that is only hinted at: for a model that has such ids.
		$block =~ s{/path/to/ratings.csv}{$ratings};
		$block =~ s/^.*::uuid.*$//m;

		my ($result, $out, $err) = $node->psql($database, $block, on_error_stop => 1);
		is($result, 0, "$name runs: $title") or diag($err);
	}
	return;
}

# The examples of doc/ go on from those of README.md, each page for itself.
pretend_cron('postgres');
run_examples('README.md', 'postgres');
$node->safe_psql('postgres', q(SELECT FROM recsys_train('m', 'ratings', 'svd')));
foreach my $name (grep { $_ ne 'README.md' && $_ ne 'doc/tutorial.md' } sort keys %page)
{
	$node->safe_psql('template1', 'DROP DATABASE IF EXISTS page; CREATE DATABASE page TEMPLATE postgres');
	run_examples($name, 'page');
}

# The tutorial, as its reader has it: its data, an empty database and one session.
$node->safe_psql('template1', 'CREATE DATABASE tutorial');
pretend_cron('tutorial');

my ($result, $out, $err) = $node->psql('tutorial', join("\n", examples('doc/tutorial.md')), on_error_stop => 1);

unlink 'books.csv', 'sales.csv';
is($result, 0, 'doc/tutorial.md runs') or diag($err);
foreach my $table ($page{'doc/tutorial.md'} =~ /^-[-+]+\n((?:.*\|.*\n)+)/gm)
{
	$table =~ s/^ +| +$| *(\|) */$1 \/\/ ''/gme;
	like($out, qr/^\Q$table\E/m, "doc/tutorial.md gives what it shows: $table");
}
is($node->safe_psql('tutorial', q(
	SELECT algorithm <> 'popular' AND value > 2 * popular FROM recsys_trials('bookshop') WHERE kept LIMIT 1)),
	't', 'doc/tutorial.md: auto finds the taste');
is($node->safe_psql('tutorial', q(
	SELECT count(*) >= 8 FROM recsys_recommend('bookshop', 42) JOIN book ON id = item_id WHERE genre = 'fantasy')),
	't', 'doc/tutorial.md: customer 42, who likes fantasy, is shown fantasy');

# Links within the tree, and their anchors.
my %anchors;

sub without_code
{
	my ($text) = @_;

	$text =~ s/^( *)```.*?^\1```$//gms;
	return $text;
}

# The anchors that GitHub makes of the headings of a file.
sub anchors
{
	my ($file) = @_;

	return $anchors{$file} //= {
		map { my $slug = lc; $slug =~ s/[^\w\s-]//g; $slug =~ tr/ /-/; $slug => 1 }
		  without_code(slurp_file($file)) =~ /^#+ +(.*?) *$/gm
	};
}

foreach my $name (sort keys %{ { %page, map { $_ => 1 } glob '*.md' } })
{
	my $text = without_code(slurp_file($name));

	$text =~ s/`[^`]*`//g;
	foreach my $link (grep { !/^https?:/ } $text =~ /\]\(([^)\s]+)\)/g)
	{
		my ($path, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
		my $file = $path eq '' ? $name : dirname($name) . "/$path";

		ok(-e $file && (!defined $anchor || anchors($file)->{$anchor}), "$name: the link to $link leads somewhere");
	}
}

# What is there is documented.
sub is_documented
{
	my ($where, $text, $pattern, $query) = @_;
	my @names = split /\n/, $node->safe_psql('postgres', "LOAD 'recsys'; $query");

	cmp_ok(scalar @names, '>', 1, "$where: there are names to look for");
	foreach my $name (@names)
	{
		(my $quoted = $pattern) =~ s/NAME/\Q$name\E/;
		like($text, qr/$quoted/m, "$where has $name");
	}
	return;
}

is_documented('doc/reference.md', $reference, '\bNAME\b',
	q(SELECT DISTINCT p.proname FROM pg_proc p
	    JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	    JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	   WHERE e.extname = 'recsys' AND p.proname !~
	         '^recsys_((series|error|fcp|mse|rmse|mae|mape|weighted_rating)_|top_n|model_(header|bytes)|algorithm_list)'));
is_documented('doc/reference.md', $reference, '^\| `NAME` \|', q(SELECT name FROM pg_settings WHERE name LIKE 'recsys.%'));
is_documented('doc/reference.md', $reference, '^\| `NAME` \|',
	q(SELECT regexp_split_to_table(o ->> 'values', ', ') FROM recsys_algorithms, jsonb_array_elements(options) o
	   WHERE recsys_algorithms.name = 'item_knn' AND o ->> 'name' IN ('similarity', 'score')));
is_documented('doc/evaluation.md', $evaluation, '^\| (`\w+`, )*`NAME`[ ,].*\|', q(SELECT metric FROM recsys_evaluate('ratings', 'als')));

# Algorithms have a section each, with the options that they have.
my %made;
foreach my $line (split /\n/, $node->safe_psql('postgres', slurp_file('doc/options.sql')))
{
	my ($name, $row) = split /\|/, $line, 2;

	$made{$name} .= "$row\n";
}
my %written = $algorithms =~ /^<!-- script\/doc: (\w+) -->\n(.*?)^<!-- end -->$/gms;
is_deeply([ sort keys %written ], [ sort keys %made ], 'doc/algorithms.md has a table for each algorithm, and one for all');
foreach my $name (sort keys %made)
{
	is($written{$name}, $made{$name}, "the options of $name are those of recsys_algorithms (script/doc writes them)");
	like($algorithms, qr/^### \Q$name\E\n(?:(?!#).*\n)*<!-- script\/doc: \Q$name\E -->$/m, "$name has a section with its table")
	  if $name ne 'all';
}

# What an option was called before it was renamed is not documented, but where that is told.
my %old = map { $_ => 1 } map { slurp_file($_) =~ /\.old_name = "(\w+)"/g } glob('src/*/*.[ch]');

cmp_ok(scalar keys %old, '>', 0, 'there are old names');
foreach my $name (sort keys %page)
{
	is_deeply([ grep { $old{$_} } $page{$name} =~ /[`"](\w+)[`"]/g ], [], "$name has no old names of options");
}

$node->stop;
done_testing();
