# Rules that hold for all of the source, and the names that leave the library:
# those that PostgreSQL looks up, and no other, since all libraries of a
# backend share one space of names.

use strict;
use warnings;

use File::Find;
use PostgreSQL::Test::Utils;
use Test::More;

# The files below a folder whose name ends so.
sub files
{
	my ($folder, $end) = @_;
	my @found;

	find(
		{   no_chdir => 1,
			wanted   => sub { push @found, $_ if /\Q$end\E$/ && -f } },
		$folder);
	return sort @found;
}

# Those of the files whose content is found wrong, one a line.
sub wrong
{
	my ($is_wrong, @files) = @_;

	return join "\n", grep { $is_wrong->(slurp_file($_)) } @files;
}

# The C functions that a script of the extension names.
sub declared
{
	my $sql = slurp_file($_[0]);
	my @names;

	while ($sql =~ /\bFUNCTION\s+([\w.]+)\s*\((?:(?!\bCREATE\b).)*?
					\bAS\s+'MODULE_PATHNAME'(?:\s*,\s*'(\w+)')?/gsx)
	{
		push @names, $2 // $1;
	}
	return @names;
}

my @code = files('src', '.c');

cmp_ok(scalar @code, '>', 100, 'there is source');
is( wrong(
		sub {
			$_[0] =~ /^#include "postgres\.h"$/m
			  && $_[0] !~ /^#include "postgres\.h"\n#include "compat\.h"$/m;
		},
		@code),
	'',
	'compat.h is included next after postgres.h');
is( wrong(
		sub {
			$_[0] =~ /\b(?:SET_)?VAR(?:DATA|SIZE)\w*\(/
			  && $_[0] !~ /^#include "compat\.h"$/m;
		},
		files('src', '.h')),
	'',
	'a header that looks into varlena values includes compat.h itself');
is( wrong(sub { $_[0] =~ /PG_VERSION_NUM/ }, grep { $_ ne 'src/compat.h' } (@code, files('src', '.h'))),
	'',
	'PG_VERSION_NUM is nowhere but in compat.h');

my @functions = map { declared($_) } glob 'sql/recsys--*.sql';
my @workers =
  map { slurp_file($_) =~ /\bparallel_begin\("(\w+)"/g } @code;

cmp_ok(scalar @functions, '>', 100, 'the scripts declare functions');
cmp_ok(scalar @workers, '>=', 3, 'there are parallel workers');

my %right = map { $_ => 1 } 'Pg_magic_func', '_PG_init', @workers,
  map { ($_, "pg_finfo_$_") } @functions;
chomp(my $folder = `pg_config --pkglibdir`);
my $symbols = `nm -D --defined-only '$folder/recsys.so'`;
my %exported = map { $_ => 1 }
  grep { !/^__/ } $symbols =~ /^\S+ \w (\w+)$/mg;    # __ is the compiler's

is(join("\n", grep { !$right{$_} } sort keys %exported),
	'', 'nothing leaves the library but what PostgreSQL looks up');
is(join("\n", grep { !$exported{$_} } sort keys %right),
	'', 'what it looks up is there');

# Before anything is built.
my $said = `script/test metadata_of_nothing 001_metadata 2>&1`;
is($said, "FAILED  metadata_of_nothing                     no such test\n0 passed, 1 failed\n", 'script/test knows what tests there are');

done_testing();
