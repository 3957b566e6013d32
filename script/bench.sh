# shellcheck shell=bash disable=SC2154 # runs is the caller's
#
# What script/bench and script/compare do with their servers.  To be sourced
# after server.sh.

sql()
{
	as_user psql -X -q -v ON_ERROR_STOP=1 -v "runs=$runs" "$@"
}

# load TABLE FILE USERS ITEMS RATINGS: a tab-separated file of user, item,
# rating and time, or as many generated ratings.
load()
{
	sql -c "CREATE TABLE $1 (user_id int, item_id int, rating real, rated_at bigint)"
	if [ -r "$2" ]; then
		gzip -dc "$2" | sql -c "COPY $1 FROM STDIN"
	else
		say "no $2: generated ratings instead"
		sql -c "SELECT bench.generate('$1', $3, $4, $5)"
	fi
	sql -c "ALTER TABLE $1 ADD PRIMARY KEY (user_id, item_id)" \
		-c "CREATE INDEX ON $1 (item_id)" -c "VACUUM ANALYZE $1"
}

# load_movielens FOLDER JOBS: what test/bench needs, and the ratings its jobs use.
load_movielens()
{
	sql <"$2/setup.sql"
	load ml1m "$1/ml-1m/ratings.tsv.gz" 6040 3706 1000209
	load ml100k "$1/ml-100k/u.data.gz" 943 1682 100000
}
