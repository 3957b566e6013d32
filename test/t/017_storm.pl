# A storm: a training session, one of its parallel workers or the whole server is
# killed at a random moment of training, while others recommend.  After each
# recovery the version that was there before serves the same lists, or else the
# new one does and is whole; nothing half written is seen, at no time and in no
# version; no process and no shared memory is left; and training works again.
#
# RECSYS_STORM is the number of rounds, RECSYS_STORM_SEED repeats what chance
# chose (script/storm sets both).

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use PostgreSQL::Test::Utils;
use ServerTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = $ENV{RECSYS_STORM} || 10;
my $seed = srand($ENV{RECSYS_STORM_SEED} || int(1e9 * rand));
diag("a storm of $rounds rounds, seed $seed");

# What is trained, each a model of that name.
my %options = (
	als => '"factors": 64',
	ials => '"factors": 64',
	svd => '"factors": 64',
	item_knn => '"neighbors": 50',
	ease => '"regularization": 100');
# A version is trained on all ratings, or on the better ones: each time the
# other, so that a new version is told by what it serves.
my %variant = (all => '"min_value": 0', better => '"min_value": 2');

my $node = create_server('main');
$node->append_conf(
	'postgresql.conf', q(
	fsync = on
	restart_after_crash = on
	# a sync of the file system, not of a thousand files
	recovery_init_sync_method = syncfs
	# segments that are files of this server alone
	dynamic_shared_memory_type = mmap
	# several processes for all that can use them
	recsys.ratings_per_worker = 1000
	min_parallel_table_scan_size = 0));
$node->restart;
$node->safe_psql(
	'postgres', q(
	CREATE TABLE ratings AS
	SELECT u AS user_id, i AS item_id, (1 + (7 * u * u + 13 * i + 3 * u * i) % 5)::real AS rating
	  FROM generate_series(1, 300) u, generate_series(1, 200) i
	 WHERE (u * u + 3 * i * i + 5 * u * i) % 11 < 4;
	CREATE TABLE expected (model text, variant text, digest text);

	-- All that a model gives to every fourth user; STABLE, for one snapshot.
	CREATE FUNCTION digest(model regclass) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT md5(string_agg(r::text, ';' ORDER BY u, r.score DESC, r.item_id))
	  FROM generate_series(1, 300, 4) u,
	       LATERAL (SELECT item_id, score, basis, recsys_predict(model, u, item_id) FROM recsys_recommend(model, u, 10)) r
	$$;
	-- Which of the versions that should be it is.
	CREATE FUNCTION variant_of(name text) RETURNS text LANGUAGE plpgsql STABLE AS $$
	DECLARE
		found text;
	BEGIN
		WITH now AS MATERIALIZED (SELECT digest(name::regclass))
		SELECT variant INTO found FROM expected e JOIN now USING (digest) WHERE e.model = name;
		IF found IS NULL THEN
			RAISE 'model % serves what it should not', name;
		END IF;
		RETURN found;
	END $$;
	-- The versions of a model, newest first, and what each serves; they are gone then.
	CREATE FUNCTION versions_of(name text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		list text := '';
		newest int;
		more bool;
	BEGIN
		LOOP
			EXECUTE format('SELECT max(version), count(*) > 0 FROM %I', name) INTO newest, more;
			EXIT WHEN NOT more;
			list := list || newest || ' ' || variant_of(name) || E'\n';
			EXECUTE format('DELETE FROM %I WHERE version = $1', name) USING newest;
		END LOOP;
		RETURN list;
	END $$;));

sub sql
{
	return $node->safe_psql('postgres', shift);
}

sub train
{
	my ($model, $variant) = @_;

	return "SELECT version FROM recsys_train('$model', 'ratings', '$model', '{$options{$model}, $variant{$variant}}')";
}

# The versions of a model and what they serve.
sub versions
{
	my ($model) = @_;

	return sql("BEGIN; SELECT versions_of('$model'); ROLLBACK");
}

# Seconds that a training takes, and what has to be served.
my %seconds;
foreach my $model (sort keys %options)
{
	foreach my $variant ('all', 'better')
	{
		my $start = time;

		sql(train($model, $variant));
		$seconds{$model} = time - $start;
		sql("INSERT INTO expected VALUES ('$model', '$variant', digest('$model'))");
	}
	is(versions($model), "2 better\n1 all\n", "$model: two versions, two lists");
}
$node->safe_psql('postgres', 'CHECKPOINT');

# Two clients that recommend from every model until they are disconnected, and
# complain of a list that is of no version.
my $folder = PostgreSQL::Test::Utils::tempdir();
my @scripts;
foreach my $model (sort keys %options)
{
	append_to_file("$folder/$model", "SELECT variant_of('$model');\n\\sleep 5 ms\n");
	push @scripts, '-f', "$folder/$model";
}

sub start_readers
{
	my %readers = (output => '');

	$readers{run} = IPC::Run::start([ 'pgbench', '-n', '-c', '2', '-T', '600', @scripts, $node->connstr('postgres') ],
		'<', \undef, '>&', \$readers{output});
	return \%readers;
}

my $reads = 0;
sub finish_readers
{
	my ($readers) = @_;

	eval { $readers->{run}->finish };
	$reads += $1 if $readers->{output} =~ /^number of transactions actually processed: (\d+)/m;
	return join "\n", grep { /ERROR|PANIC/ } split /\n/, $readers->{output};
}

# The processes of this server are those that work in its folder.
sub processes
{
	my $folder = $node->data_dir;

	return map { /(\d+)/ } grep { (readlink $_ // '') eq $folder } glob '/proc/[0-9]*/cwd';
}

sub shared_memory
{
	return glob($node->data_dir . '/pg_dynshmem/*');
}

# A process that takes part in a training, once there is one.
sub worker_of
{
	my ($control, $leader) = @_;

	foreach (1 .. 200)
	{
		my $pid = $control->query("SELECT max(pid) FROM pg_stat_activity WHERE leader_pid = $leader");

		return $pid if $pid ne '';
		last if $control->query("SELECT state FROM pg_stat_activity WHERE pid = $leader") ne 'active';
	}
	return undef;
}

# Kill the whole server.
sub kill_server
{
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;

	$node->kill9;
	return $postmaster;
}

# Kill one process.  False if it had ended already: the signal may come too late.
sub kill_process
{
	my ($pid, $position) = @_;
	my $start = time;

	kill 'KILL', $pid or return 0;
	until (slurp_file($node->logfile, $position) =~ /\(PID $pid\) was terminated by signal 9/)
	{
		return 0 if time - $start > 5;
		sleep .02;
	}
	return 1;
}

# Start the server when all that was left of it has ended; a killed process's
# number is taken for as long as nobody has asked how it ended.
sub start_again
{
	my ($postmaster) = @_;
	my $start = time;

	while (processes() > 0 || kill 0, $postmaster)
	{
		die 'processes outlive the server: ' . join(' ', processes()) if time - $start > 60;
		sleep .01;
	}
	note(sprintf('the last process ended %.2f s after the server', time - $start));
	$node->start;
	return;
}

# Wait for the server to recover by itself.
sub wait_for_recovery
{
	my ($position) = @_;

	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $position);
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
	return;
}

# Kill what is wanted in a training; then end the clients, whose pipes a new server
# would hold open, and recover.  What was killed, and what the readers complained of.
sub strike
{
	my ($model, $variant, $what, $readers) = @_;
	my $control = open_session($node);
	my $session = open_session($node);
	my $leader = $session->query('SELECT pg_backend_pid()');
	my $moment = 1.2 * rand($seconds{$model});
	my $position = -s $node->logfile;
	my ($worker, $postmaster);

	start_query($session, train($model, $variant));
	if ($what eq 'worker')
	{
		$worker = worker_of($control, $leader);
		$moment /= 2;
	}
	sleep $moment;
	if ($what eq 'server')
	{
		$postmaster = kill_server();
	}
	elsif (!($what eq 'worker' && defined $worker && kill_process($worker, $position)))
	{
		# there was no worker, or no longer
		$what = 'session';
		kill_process($leader, $position) or die "session $leader has ended by itself";
	}
	eval { $_->{run}->finish } foreach $control, $session;
	my $complaints = finish_readers($readers);

	defined $postmaster ? start_again($postmaster) : wait_for_recovery($position);
	return (sprintf('%s killed after %.3f of %.3f s of %s', $what, $moment, $seconds{$model}, $model), $complaints);
}

foreach my $round (1 .. $rounds)
{
	my $model = (sort keys %options)[ rand keys %options ];
	my ($version, $served) = versions($model) =~ /^(\d+) (\w+)$/m;
	my $other = $served eq 'all' ? 'better' : 'all';
	my ($next, $after) = ($version + 1, $version + 2);
	my %before = map { $_ => versions($_) } keys %options;
	my $readers = start_readers();
	my @shared_memory = shared_memory();
	my ($struck, $complaints) = strike($model, $other, ('server', 'worker', 'session')[ $round % 3 ], $readers);
	my $found = versions($model);

	$struck = "$round: $struck";
	is($complaints, '', "$struck: readers saw whole versions only");
	if ($found =~ /^$next /)
	{
		# it was quick enough
		is($found, "$next $other\n$version $served\n", "$struck: the new version is whole");
		($version, $served, $other) = ($next, $other, $served);
	}
	else
	{
		is($found, $before{$model}, "$struck: the versions before serve as before");
	}
	is(versions($_), $before{$_}, "$struck: $_ is as before") foreach grep { $_ ne $model } keys %options;
	is(scalar(grep { -e } @shared_memory), 0, "$struck: its shared memory is gone");
	is(sql(train($model, $other)), $version + 1, "$struck: the next training works");
	is(versions($model), $version + 1 . " $other\n$version $served\n", "$struck: and serves what it should");
}
cmp_ok($reads, '>', 2 * $rounds, "there were readers: $reads lists");
is(sql('SELECT count(*) FROM pg_stat_activity WHERE leader_pid IS NOT NULL'), 0, 'no worker is left');

$node->stop;
is(join(' ', processes()), '', 'no process is left');
is(join(' ', shared_memory()), '', 'no shared memory is left');
done_testing();
