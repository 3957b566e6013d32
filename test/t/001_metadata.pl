# What the files around the code say agrees, and loading the library starts no
# threads: PostgreSQL's signal handlers may run in the backend's only thread.
# (OpenBLAS, which is loaded later, is looked at in 015_address_space.)

use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $meta = decode_json(slurp_file('META.json'));
my ($version) =
  slurp_file('recsys.control') =~ /^default_version\s*=\s*'([^']+)'/m;

like($version, qr/^\d+\.\d+\.\d+$/, 'recsys.control has a version');
is($meta->{version}, $version, 'META.json has the same version');
is($meta->{provides}{recsys}{version},
	$version, 'META.json provides that version');
ok(-f "sql/recsys--$version.sql", 'the script of that version is there');

# The mandatory keys of https://pgxn.org/spec/
foreach
  my $key (qw(abstract license maintainer meta-spec name provides version))
{
	ok($meta->{$key}, "META.json has $key");
}
is($meta->{name}, 'recsys', 'META.json has the name of the extension');
is($meta->{'meta-spec'}{version}, '1.0.0', 'META.json names version 1 of PGXN');
foreach my $name (sort keys %{ $meta->{provides} })
{
	foreach my $key (qw(file docfile))
	{
		my $file = $meta->{provides}{$name}{$key};
		ok(defined $file && -f $file, "the $key of $name is there");
	}
}

ok(-f 'CHANGELOG.md', 'there is a CHANGELOG.md');
SKIP:
{
	skip 'no CHANGELOG.md', 1 unless -f 'CHANGELOG.md';
	like(slurp_file('CHANGELOG.md'),
		qr/^#.*\b\Q$version\E\b/m, 'CHANGELOG.md has a heading of that version');
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
is( $node->safe_psql(
		'postgres',
		q(CREATE EXTENSION recsys;
		SELECT extversion FROM pg_extension WHERE extname = 'recsys')),
	$version,
	'that version is installed');

SKIP:
{
	skip 'threads are counted in /proc', 2 unless -d '/proc/self/task';

	my ($threads, $maps) = split /\n/, $node->safe_psql(
		'postgres', q(LOAD 'recsys';
		SELECT count(*)
		  FROM pg_ls_dir('/proc/' || pg_backend_pid() || '/task');
		SELECT pg_read_file('/proc/' || pg_backend_pid() || '/maps', 0, 9999999)
		       ~ '/recsys[.]so\n')
	);
	is($maps, 't', 'the library is loaded');
	is($threads, 1, 'the backend has one thread with the library loaded');
}

$node->stop;
done_testing();
