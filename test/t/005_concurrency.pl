# Sessions that train, read and drop one model at the same time, as far as it
# takes real time or one session's own state; the rest is in test/specs.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use ServerTest;
use Test::More;

my $node = create_server('main');

# A table with the item 40 as the favourite of all, and one with item 1.
$node->safe_psql('postgres',
	create_ratings('ratings')
	  . create_ratings('others')
	  . q(UPDATE ratings SET rating = CASE item_id WHEN 40 THEN 5 ELSE 2 END;
	UPDATE others SET rating = CASE item_id WHEN 1 THEN 5 ELSE 2 END;));

my $best = q(SELECT item_id FROM recsys_recommend('model', 3, 1, false));
# Training that takes some tenths of a second.  Its result names the algorithm.
sub train
{
	my ($model, $algorithm, $iterations) = @_;

	return qq(SELECT version, algorithm
		  FROM recsys_train('$model', 'ratings', '$algorithm',
							'{"factors": 100, "iterations": $iterations, "list_score": "prediction"}'));
}

# Two sessions train at once; returns their results in order of version.
sub train_at_once
{
	my ($model) = @_;
	my @session = (open_session($node), open_session($node));
	my @result;

	start_query($session[0], train($model, 'svd', 5000));
	start_query($session[1], train($model, 'als', 20));
	foreach my $session (@session)
	{
		my ($output, $messages) = finish_query($session);

		unlike($messages, qr/WARNING|ERROR|FATAL/, "$model: a session trains without trouble");
		push @result, $output;
		$session->quit;
	}
	return sort @result;
}

# All versions of a model that can be served, newest first, each with the
# number of recommendations it gives.
sub good_versions
{
	my ($model) = @_;
	my $look = qq(
		SELECT version, algorithm, count(*)
		  FROM recsys_models, generate_series(1, 60) u,
			   recsys_recommend('$model', u, 40, false)
		 WHERE model = '$model'::regclass GROUP BY 1, 2;);

	return $node->safe_psql(
		'postgres', qq(
		BEGIN;
		$look
		DELETE FROM $model WHERE version = (SELECT max(version) FROM $model);
		$look
		ROLLBACK;));
}

foreach my $state ('new', 'existing')
{
	my ($older, $newer) = train_at_once('model');
	my ($first, $second) = $state eq 'new' ? (1, 2) : (3, 4);

	like($older, qr/^$first\|/, "$state model: one session makes version $first");
	like($newer, qr/^$second\|/, "$state model: the other makes version $second");
	is( good_versions('model'),
		"$newer|2400\n$older|2400",
		"$state model: both versions are good, the newest serves");
}

# A reader, while a trainer's transaction is open.
my $trainer = open_session($node);
my $reader = open_session($node);
$trainer->query(q(BEGIN; SELECT recsys_retrain('model')));
is($reader->query(qq(SET lock_timeout = '100ms'; $best; RESET lock_timeout)),
	40, 'a reader does not wait for an open transaction');
$trainer->query('ROLLBACK');

# Many readers and trainers.  What a statement reads of a model belongs
# together, although versions come and go: a division by zero would tell.
my $read = q(
	\set user random(1, 61)
	SELECT 1 / (count(*) = 7)::int FROM recsys_recommend('model', :user, 7);
	SELECT 1 / bool_and(recsys_predict('model', :user, i) BETWEEN 2 AND 5)::int
	  FROM generate_series(1, 40) i;
	BEGIN ISOLATION LEVEL REPEATABLE READ;
	SELECT version AS before FROM recsys_models
	 WHERE model = 'model'::regclass \gset
	SELECT count(*) FROM recsys_similar_items('model', 5);
	SELECT 1 / (version = :before)::int FROM recsys_models
	 WHERE model = 'model'::regclass;
	COMMIT;);
my $write = q(
	\set factors random(1, 20)
	SELECT recsys_train('model', 'ratings', 'svd',
						jsonb_build_object('factors', :factors, 'iterations', 5,
										   'keep_versions', 1 + :factors % 2)););
$node->pgbench(
	'--no-vacuum --client=4 --jobs=2 --time=3',
	0,
	[qr/actually processed: [1-9]/],
	[qr/^(?!.*(ERROR|aborted))/s],
	'readers, trainers and vacuum do not disturb each other',
	{
		'read@20' => $read,
		'write@5' => $write,
		# To give space back VACUUM would wait until no trainer waits for it.
		'vacuum@1' => 'VACUUM (TRUNCATE off) model;'
	});
cmp_ok($node->safe_psql('postgres', 'SELECT max(version) FROM model'),
	'>', 10, 'there has been training');

# A model that is dropped while a session has it in memory.  The session
# knows it by its OID, so that it is recsys that finds out.
my $oid = $node->safe_psql('postgres', q(SELECT 'model'::regclass::oid));
my $by_oid = "SELECT count(*) FROM recsys_recommend($oid, 3, 1, false)";
is($reader->query($by_oid), 1, 'a session has the model in memory');
$trainer->query('BEGIN; DROP TABLE model');
start_query($reader, "SELECT recsys_retrain($oid)");
wait_until_active($node, 'SELECT recsys_retrain%');
$trainer->query('COMMIT');
my (undef, $messages) = finish_query($reader);
like($messages, qr/ERROR: .*(OID $oid does not exist|dropped)/,
	'retraining waits for the drop and then fails');
$reader->query($by_oid);
like($reader->{stderr}, qr/ERROR: .*OID $oid does not exist/,
	'so does recommending');
$reader->{stderr} = '';

# The same name again is another model, also in a session that knew the old.
$trainer->query(q(SELECT recsys_train('model', 'others', 'baseline_als', '{"list_score": "prediction"}')));
is($reader->query($best), 1, 'a new model of that name is seen');

# So is one of the same version, made by the same transaction.
$trainer->query(q(BEGIN;
	SELECT recsys_train('model', 'ratings', 'baseline_als', '{"list_score": "prediction"}')));
is($trainer->query($best), 40, 'a transaction sees the version it has made');
$trainer->query(q(TRUNCATE model;
	SELECT recsys_train('model', 'others', 'baseline_als', '{"list_score": "prediction"}')));
is($trainer->query($best), 1, 'and the one it has made after TRUNCATE');
$trainer->query(q(TRUNCATE model;
	SELECT recsys_train('model', 'ratings', 'baseline_als', '{"list_score": "prediction"}')));
is($trainer->query($best), 40, 'and the one after that');
$trainer->query('ROLLBACK');
is($trainer->query($best), 1, 'and after ROLLBACK the old one again');

# A savepoint that is rolled back, and what comes in its place.
$trainer->query(q(BEGIN; SAVEPOINT a;
	SELECT recsys_train('model', 'ratings', 'baseline_als', '{"list_score": "prediction"}')));
is($trainer->query($best), 40, 'a version made after a savepoint');
$trainer->query('ROLLBACK TO a');
is($trainer->query($best), 1, 'is gone with it');
$trainer->query(q(SELECT recsys_train('model', 'ratings', 'baseline_als', '{"list_score": "prediction"}')));
is($trainer->query("$best; COMMIT"), 40, 'and can be made again');

# A session drops a model that a cursor of its own still uses.
$trainer->query(
	q(BEGIN; DECLARE c CURSOR FOR
	SELECT recsys_predict('model', 3, i) > 4 FROM generate_series(38, 41) i;));
is($trainer->query('FETCH 2 FROM c'), "f\nf", 'a cursor is open');
$trainer->{stderr} = '';
$trainer->query('DROP TABLE model');
my $rows = $trainer->query('FETCH 2 FROM c');
like("$rows$trainer->{stderr}",
	qr/^t\nf$|does not exist|no longer exists|in use/,
	'after DROP TABLE the cursor goes on, or fails in an orderly way');
$trainer->query('ROLLBACK');
is($trainer->query($best), 40, 'the session works on');

$reader->quit;
$trainer->quit;
$node->stop;
done_testing();
