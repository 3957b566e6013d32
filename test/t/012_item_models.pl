# Models of items from implicit feedback, on MovieLens: k-NN of weighted values
# and ease against references, and how well the models of item weights rank.
# The data may not be shipped: skipped where they are not at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($data, $reference) = @ENV{qw(RECSYS_DATA RECSYS_REFERENCE)};
my $neighbours = ($reference // '') . '/implicit_item_neighbours_ml100k.tsv.gz';
my $ease = ($reference // '') . '/ease_ml100k_lambda250.tsv.gz';
plan skip_all => 'RECSYS_DATA and RECSYS_REFERENCE are not there'
  unless defined $data && -f "$data/ml-100k/u.data.gz" && -f $neighbours && -f $ease;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "maintenance_work_mem = '256MB'");
$node->start;
$node->safe_psql(
	'postgres', qq(
	CREATE EXTENSION recsys;
	CREATE TABLE ratings (user_id int, item_id int, rating float8, t bigint);
	CREATE TABLE neighbours (similarity text, item_id int, rank int, neighbour int, score float8);
	CREATE TABLE best (user_id int, rank int, item_id int, score float8);
	\\copy ratings FROM PROGRAM 'zcat $data/ml-100k/u.data.gz'
	\\copy neighbours FROM PROGRAM 'zcat $neighbours | tail -n +2'
	\\copy best FROM PROGRAM 'zcat $ease | tail -n +2'
	VACUUM ANALYZE));

sub ask
{
	my ($query) = @_;

	return $node->safe_psql('postgres', $query) =~ s/^\s+//r;
}

# The nearest items, with the ratings as weights: place by place the same
# scores, whether they were kept or are computed, and the same for every item
# that both have.  At the end of a list many are equal, and either of them right.
my %options = (
	cosine => '"similarity": "cosine", "score": "sum"',
	tfidf => '"weighting": "tfidf"',
	bm25 => '"weighting": "bm25"');
foreach my $similarity (sort keys %options)
{
	foreach my $kept (20, 0)
	{
		my ($places, $off, $off_named) = split /\|/, ask(qq(
			SELECT FROM recsys_train('m', 'ratings', 'item_knn', '{$options{$similarity}, "neighbors": $kept}');
			SELECT count(*), max(abs(s.similarity - n.score) / greatest(1, n.score)), max(abs(s.similarity - same.score) / greatest(1, n.score))
			  FROM (SELECT DISTINCT item_id FROM neighbours WHERE similarity = '$similarity') i
			 CROSS JOIN LATERAL ROWS FROM (recsys_similar_items('m', i.item_id, 20)) WITH ORDINALITY s(item_id, similarity, place)
			  JOIN neighbours n ON n.rank = s.place
			  LEFT JOIN neighbours same ON same.similarity = '$similarity' AND same.item_id = i.item_id AND same.neighbour = s.item_id
			 WHERE n.similarity = '$similarity' AND n.item_id = i.item_id));
		is($places, 1980, "$similarity, $kept kept: all places of 99 items are there");
		cmp_ok($off, '<', 1e-6, "$similarity: the similarities are off by $off");
		cmp_ok($off_named, '<', 1e-6, "$similarity: those of the same items by $off_named");
	}
}

# ease: the best that a user does not have.
my ($places, $off, $others) = split /\|/, ask(q(
	SELECT FROM recsys_train('m', 'ratings', 'ease', rating_col => NULL);
	SELECT count(*), max(abs(r.score - b.score)), count(*) FILTER (WHERE r.item_id <> b.item_id)
	  FROM (SELECT DISTINCT user_id FROM best) u,
	       ROWS FROM (recsys_recommend('m', u.user_id, 20)) WITH ORDINALITY r(item_id, score, basis, place)
	  JOIN best b ON b.rank = r.place WHERE b.user_id = u.user_id));
is($places, 1900, 'ease: all places of 95 users are there');
cmp_ok($off, '<', 1e-4, "ease: the scores are off by $off");
cmp_ok($others, '<', 10, "ease: $others of them are of other items");

# The last item of every user, among those he does not have: how often it is
# one of ten.  What knows nothing but how popular items are is far behind.
ask(q(
	CREATE TABLE held_out AS SELECT DISTINCT ON (user_id) user_id, item_id FROM ratings ORDER BY user_id, t DESC, item_id;
	CREATE TABLE train AS SELECT user_id, item_id FROM ratings r
	 WHERE NOT EXISTS (SELECT FROM held_out h WHERE h.user_id = r.user_id AND h.item_id = r.item_id)));

sub hits
{
	my ($algorithm, $options) = @_;

	return ask(qq(
		SELECT FROM recsys_train('m', 'train', '$algorithm', '$options', rating_col => NULL);
		SELECT round(avg((EXISTS (SELECT FROM recsys_recommend('m', user_id, 10) r WHERE r.item_id = h.item_id))::int), 4)
		  FROM held_out h));
}
my $popular = ask(q(
	WITH best AS (SELECT item_id FROM train GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 400)
	SELECT round(avg((EXISTS (SELECT FROM (SELECT item_id FROM best b WHERE NOT EXISTS
			(SELECT FROM train t WHERE t.user_id = h.user_id AND t.item_id = b.item_id) LIMIT 10) x WHERE x.item_id = h.item_id))::int), 4)
	  FROM held_out h));
foreach my $case ([ 'item_knn', 1.05 ], [ 'rp3beta', 1.3 ], [ 'slim', 1.3 ], [ 'ease', 1.3 ])
{
	my ($algorithm, $times) = @$case;
	my $hits = hits($algorithm, '{}');

	cmp_ok($hits, '>', $times * $popular, "$algorithm: $hits of the users' last items, $popular for the popular ones");
}

$node->stop;
done_testing();
