# Random arguments for every function, from a fixed seed: no crash, no internal
# error, no leak, nothing that outlives its timeout or needs memory beyond all
# bounds.  test/fuzz/arguments.pl does it, and test/release/arguments.sh for longer.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none\nmax_wal_size = 2GB");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE fuzz');
$node->command_ok(
	[
		'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('fuzz'),
		'-f', 'test/fuzz/database.sql'
	],
	'the database is made');

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'fuzz';
my ($out, $err);
IPC::Run::run(
	[ $^X, 'test/fuzz/arguments.pl', '--statements', 1000, '--seed', 1 ],
	'>', \$out, '2>', \$err);
note $out;
my @found = $out =~ /^FOUND (.*), \d+ times/mg;
is(join("\n", @found), '', 'nothing is found') or diag $out, $err;
my ($count, $whole) = $out =~ /^(\d+) statements .* (\d+) % without an error/m;
is($count, 1000, 'all statements were run');
cmp_ok($whole // 0, '>', 30, 'many of them without an error');

$node->stop;
done_testing();
