# Too little dynamic shared memory means fewer workers or none, and never an
# error: whichever segment it is that cannot be had, what is trained, listed
# and measured is what one process alone makes.
#
# The server has a /dev/shm of its own, in a mount namespace, in which files
# leave as little room as is wanted.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServerTest;
use Test::More;

my $megabytes = 12;
my $inodes = 64;

# A command in a namespace with a small /dev/shm, under our own name.
sub with_small_memory
{
	my @command = @_;
	my ($user, $group) = ($<, (split / /, $()[0]);

	return ('unshare', '-r', '-m', 'sh', '-c',
		"mount -t tmpfs -o size=${megabytes}m,nr_inodes=$inodes,mode=1777 tmpfs /dev/shm && "
		  . "exec unshare -U --map-user=$user --map-group=$group \"\$@\"",
		'sh', @command);
}

my $log = '';
plan skip_all => 'a user may not mount a small /dev/shm here'
  unless $^O eq 'linux'
  && eval { IPC::Run::run([ with_small_memory('true') ], '>&', \$log) };

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf(
	'postgresql.conf', q(
	dynamic_shared_memory_type = posix
	log_statement = none
	max_worker_processes = 20
	max_parallel_workers = 16
	maintenance_work_mem = 256MB));
system_or_bail(with_small_memory('pg_ctl', '--wait', '--silent', '--pgdata', $node->data_dir,
		'--log', $node->logfile, '--options', '--cluster-name=main', 'start'));
$node->_update_pid(1);

my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
my $folder = "/proc/$postmaster/root/dev/shm";

# 150000 ratings: the matrix takes 2.4 MB.
$node->safe_psql(
	'postgres', q(
	CREATE EXTENSION recsys;
	CREATE TABLE ratings AS
	SELECT u AS user_id, 'item ' || (u * 7919 + k * k * 31) % 701 AS item_id, 1 + (u * k) % 5 AS rating
	  FROM generate_series(1, 5000) u, generate_series(1, 30) k;
	VACUUM ANALYZE ratings;

	-- What serving and the model's blocks are, but for when it was trained.
	CREATE FUNCTION digest(model regclass) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE digest text;
	BEGIN
		EXECUTE format('SELECT md5(string_agg(md5(data), NULL ORDER BY part, block)) FROM %s WHERE part <> ''header''', model)
		   INTO digest;
		RETURN digest;
	END $$;));

my $workers = q(SET client_min_messages = warning; SET recsys.ratings_per_worker = 1000;
	SET min_parallel_table_scan_size = '128kB'; SET max_parallel_maintenance_workers = 2;);
my $alone = q(SET client_min_messages = warning; SET max_parallel_maintenance_workers = 0;);

my %work = (
	als => q(SELECT FROM recsys_train('M', 'ratings', 'als', '{"iterations": 2}');
		SELECT digest('M');
		SELECT md5(string_agg(r::text, NULL ORDER BY user_id, rank)) FROM recsys_recommend_all('M', 5) r),
	rp3beta => q(SELECT FROM recsys_train('M', 'ratings', 'rp3beta');
		SELECT digest('M')),
	validation => q(SELECT FROM recsys_train('M', 'ratings', 'svd', '{"iterations": 3, "validation_fraction": 0.1}');
		SELECT digest('M')),
	evaluate => q(SELECT md5(string_agg(e::text, NULL ORDER BY metric)) FROM recsys_evaluate('ratings', 'svd', '{"iterations": 2}') e
		WHERE metric !~ 'seconds'));

# Leave so many files to be made, and so many kB.
my @fillers;
sub leave
{
	my ($files, $kilobytes) = @_;
	my ($handle, $name);

	unlink @fillers;
	@fillers = ();
	while (@fillers < $inodes && open $handle, '>', $name = "$folder/filler." . @fillers)
	{
		push @fillers, $name;
	}
	unlink pop @fillers foreach 1 .. $files;
	if (defined $kilobytes)
	{
		my ($available) = `df --output=avail -k $folder | tail -n 1` =~ /(\d+)/;

		system("head -c @{[ $available - $kilobytes ]}k /dev/zero > $fillers[0]")
		  if $available > $kilobytes;
	}
	return;
}

sub result_of
{
	my ($name, $settings, $model) = @_;
	my $sql = $work{$name} =~ s/\bM\b/$model/gr;
	my ($output, $error);

	$node->psql('postgres', "$settings $sql; DROP TABLE IF EXISTS $model;",
		stdout => \$output, stderr => \$error, timeout => 180);
	return $error || $output;
}

foreach my $name (sort keys %work)
{
	my $expected = result_of($name, $alone, 'alone');

	unlike($expected, qr/ERROR/, "$name, one process");
	leave(30);
	is(result_of($name, $workers, 'together'), $expected, "$name, with room enough");
	# Each segment in turn is the one that cannot be had.
	foreach my $files (0 .. 7)
	{
		leave($files);
		is(result_of($name, $workers, 'cramped'), $expected, "$name, with room for $files segments");
	}
	foreach my $kilobytes (0, 100, 250, 500, 1500, 3000)
	{
		leave(30, $kilobytes);
		is(result_of($name, $workers, 'cramped'), $expected, "$name, with room for $kilobytes kB");
	}
}

# Four sessions at once find more room than there is when they come to take it.
leave(40, 1024 * 8);
my $expected = result_of('als', $alone, 'alone');
my @session = map { open_session($node) } 1 .. 4;
foreach my $i (0 .. 3)
{
	my $sql = $work{als} =~ s/\bM\b/at_once_$i/gr;
	$session[$i]->query_safe($workers);
	start_query($session[$i], "$sql;");
}
foreach my $i (0 .. 3)
{
	my ($output, $messages) = finish_query($session[$i]);

	is($messages || $output, $expected, "session $i of four at once");
	$session[$i]->quit;
}
unlink @fillers;

unlike(slurp_file($node->logfile), qr/leak|still referenced/, 'nothing is left behind');
is(join(' ', grep { !/PostgreSQL[.]\d+$/ } map { s{.*/}{}r } glob("$folder/*")), '',
	'and no file of ours');
$node->stop;
done_testing();
