# shellcheck shell=bash disable=SC2154 # the variables are script/test's
#
# Tests of script/demo, sourced by script/test: the demo is run as a user
# would run it, and the numbers that it shows are held to what they must be.
# One run has Debian's packages; the others have ratings made up here, in each
# of MovieLens's formats.

movielens_title='Star Wars, Le "Café" (1977)'

# column CHAPTER NAME: what is under that name in the tables of a chapter.
column()
{
	awk -v chapter="$1" -v name="$2" '
		function cell(line, i,   cells) {
			split(line, cells, "|")
			gsub(/^ +| +$/, "", cells[i])
			return cells[i]
		}
		/^[0-9]+\. / { here = ($1 == chapter ".") }
		/^$/ { place = 0 }
		here && place && /^ / { print cell($0, place) }
		here && /^-+(\+-+)*$/ {
			for (place = split(head, cells, "|"); place > 0; place--)
				if (cell(head, place) == name)
					break
		}
		{ head = $0 }
	' "$work/story"
}

# expect WHAT COMMAND...: where the command fails, WHAT is missing.
expect()
{
	local what=$1
	shift
	"$@" || missing+="${missing:+, }$what"
}

# lines_like COUNT PATTERN: has standard input that many lines or more, and
# are all like that?
lines_like()
{
	awk -v count="$1" -v pattern="$2" '
		$0 !~ pattern { other = 1 }
		END { exit other || NR < count }'
}

# less A B: are these numbers, and the first the smaller?
less()
{
	local number='^[0-9]+([.][0-9]+)?$'

	[[ $1 =~ $number && $2 =~ $number ]] &&
		awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'
}

# A package that only others name has no title, which is shown as -.
expect_packages()
{
	expect 'recommendations' lines_like 8 '[a-z]' < <(column 3 item_id)
	expect 'their titles' lines_like 6 '[a-z]' \
		< <(column 3 title | sed '/^-$/d')
	expect 'similar items' lines_like 21 '^[01][.][0-9]+$' \
		< <(column 4 similarity)
	expect 'their titles' lines_like 17 '[a-z]' \
		< <(column 4 title | sed '/^-$/d')
	expect 'a similar title' grep -q 'draw' < <(column 4 title)
	expect 'more items by their titles' \
		less "$(column 2 items)" "$(column 4 items)"
	expect 'predictions' lines_like 4 '^[0-9]+[.][0-9]+$' < <(column 5 score)
	expect 'five algorithms and the popular list' \
		lines_like 6 '^0[.][0-9]+$' < <(column 6 ndcg)
	expect 'the best first' sort -c -r -n < <(column 6 ndcg)
	expect 'the popular list' \
		grep -qxF '*** popular ***' < <(column 6 algorithm)
	expect 'three algorithms better than it' \
		grep -qvF popular < <(column 6 algorithm | sed -n 3p)
}

# Where the movies of chapter 3 play: Star Wars is one of the odd ones.
kinds()
{
	column 3 title | sed 's/ .*//; s/^Star$/Space/'
}

# The tables of chapter 3 are the best rated and the recommended movies, those
# of chapter 4 similar movies by the model and by the ratings.
expect_movielens()
{
	local ratings=$work/movielens/ratings

	expect 'all ratings' \
		[ "$(column 1 ratings)" = "$(wc -l <"$ratings")" ]
	expect 'all movies' [ "$(column 1 movies)" = 100 ]
	expect 'the title as it was' \
		grep -qF "likes $movielens_title may" "$work/story"
	expect 'recommendations of one kind' \
		lines_like 16 "^$(kinds | head -n 1)$" < <(kinds)
	expect 'similar movies' lines_like 12 '^Space ' < <(column 4 title)
	expect 'predictions on the right side of 3' \
		lines_like 2 '^([12] [12]|[45] [345])[.][0-9]+$' \
		< <(paste -d ' ' <(column 5 rating) <(column 5 predicted))
	expect 'svd better than the mean' \
		less "$(column 6 of_svd)" "$(column 6 rmse_of_mean)"
	expect 'als better than the mean' \
		less "$(column 6 of_als)" "$(column 6 rmse_of_mean)"
}

expect_shell()
{
	expect_movielens
	expect 'what the shell echoes' grep -qx 'from the shell' "$work/story"
	expect 'what the shell selects' [ "$(column 6 recommended)" = 7 ]
}

# The files of the tutorial are where its \copy looks for them.
expect_tutorial()
{
	expect 'books' grep -qx 'COPY 400' "$work/story"
}

# demo NAME FUNCTION [ARGUMENT...]: runs the demo and the function that
# expects something of it, in the copy of the checkout that has the objects.
demo()
{
	local name=$1 expectations=$2 start=$SECONDS status=0 limit=120 missing=''
	shift 2

	[ -z "${SANITIZE:-}" ] || limit=600
	KEEP='' PATH=$callers_path timeout "$limit" \
		"$work/recsys/script/demo" "$@" \
		>"$work/story" 2>"$work/story.log" || status=$?
	"$expectations"
	if [ "$status" -eq 0 ] && [ -z "$missing" ]; then
		report ok "demo/$name" "$((SECONDS - start)) s"
		return
	fi
	case $status in
		0) report FAILED "demo/$name" "missing: $missing" ;;
		124) report FAILED "demo/$name" "not done in $limit s" ;;
		*) report FAILED "demo/$name" "exit status $status" ;;
	esac
	tail -n 40 "$work/story" | excerpt
	tail -n 40 "$work/story.log" | excerpt
}

# 200 users rate about 40 of 100 movies each: 4 or 5 where user and movie are
# both even or both odd, 1 or 2 where they are not.
make_ratings()
{
	awk '
		function random(n) {
			state = state * 16807 % 2147483647
			return int(state / 65536) % n
		}
		BEGIN {
			OFS = "\t"
			state = 1
			for (user = 1; user <= 200; user++)
				for (movie = 1; movie <= 100; movie++)
					if (random(5) < 2)
						print user, movie, random(2) + \
							((user + movie) % 2 ? 1 : 4), 900000000 + user
		}'
}

# The odd movies play in space, the even ones at sea.
make_titles()
{
	awk -v title="$movielens_title" 'BEGIN {
		OFS = "\t"
		print 1, title
		for (movie = 2; movie <= 100; movie++)
			print movie, (movie % 2 ? "Space " : "Sea ") movie " (1999)"
	}'
}

# The same ratings and titles in each format of MovieLens, in a folder with
# the name of the format.
make_movielens()
{
	mkdir u.data ratings.dat ratings.csv ratings.tsv.gz
	make_ratings >ratings
	make_titles >titles

	cp ratings u.data/u.data
	sed 's/\t/|/; s/$/|01-Jan-1999||http:\/\/us.imdb.com\/|0|1/' titles |
		iconv -f utf-8 -t latin1 >u.data/u.item

	sed 's/\t/::/g' ratings >ratings.dat/ratings.dat
	sed 's/\t/::/; s/$/::Action|Drama/' titles |
		iconv -f utf-8 -t latin1 >ratings.dat/movies.dat

	sed '1i userId,movieId,rating,timestamp
		s/\t/,/g' ratings >ratings.csv/ratings.csv
	sed '1i movieId,title,genres
		s/"/""/g
		s/\t\(.*,.*\)/\t"\1"/
		s/\t/,/
		s/$/,Action|Drama/' titles | sed 's/$/\r/' >ratings.csv/movies.csv

	gzip -c ratings >ratings.tsv.gz/ratings.tsv.gz
	gzip -c titles >ratings.tsv.gz/items.tsv.gz
}

demo_packages()
{
	PATH=$callers_path "$script/bootstrap" --package-index \
		>"$work/index.log" 2>&1 || true
	if [ -z "$(apt-cache dumpavail 2>/dev/null | head -n 1)" ]; then
		report skipped demo/packages \
			"no list of Debian's packages, and none could be had"
	else
		demo packages expect_packages </dev/null
	fi
}

run_demo()
{
	local folder=$work/movielens format

	demo_packages
	mkdir "$folder"
	(cd "$folder" && make_movielens)
	for format in u.data ratings.dat ratings.csv ratings.tsv.gz; do
		demo "$format" expect_movielens "$folder/$format" </dev/null
	done
	# The file of ratings will do for PATH as well as its folder.
	demo psql expect_shell --psql "$folder/u.data/u.data" <<-'SQL'
		\echo from the shell
		SELECT count(*) AS recommended FROM recsys_recommend('movie_model', 1, 7);
	SQL
	demo tutorial expect_tutorial --tutorial <<-'SQL'
		CREATE TABLE book (id int, title text, author text, genre text, price numeric, in_stock boolean);
		\set QUIET off
		\copy book FROM 'books.csv' (FORMAT csv, HEADER)
	SQL
}
